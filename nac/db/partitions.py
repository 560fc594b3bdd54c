"""Months: in PostgreSQL the tables that grow with the traffic are divided, one partition for each month (UTC).

`prepare` makes partitions ahead, `drop_before` removes those that are past as a whole, in an instant and with nothing
to clean up after. What belongs to no partition, as with a clock that is far off, stays in a default one. SQLite has
none of this, and neither function does anything there.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from nac.db.engine import Database

DIVIDED: Final = {
    "accounting": ("at_us", 1_000_000),
    "authentications": ("at_us", 1_000_000),
    "discards": ("at_us", 1_000_000),
    "session_hours": ("hour", 1),
}
"""Each table with the column that divides it, and that column's units in a second."""

AHEAD: Final = 2
"""Months that are made before they begin."""

_OLDEST: Final = 24_000
"""January 2000; what is older than that, or further ahead than partitions are made, was told by a broken clock."""

Month = int
"""Counted from the year 0: year * 12 + month - 1."""


def month_of(at: int) -> Month:
    """The month of a Unix second."""
    moment = datetime.fromtimestamp(at, UTC)
    return moment.year * 12 + moment.month - 1


def start_of(month: Month) -> int:
    """The Unix second at which it begins."""
    return int(datetime(month // 12, month % 12 + 1, 1, tzinfo=UTC).timestamp())


def prepare(database: Database, *, now: int) -> None:
    """Make the partitions of this month, of the next ones and of all months of which rows wait. Raises `StorageError`.

    One transaction for each: records wait for no more than a month's rows to be moved.
    """
    if database.engine_name != "postgresql":
        return
    this = month_of(now)
    for table, (column, units) in DIVIDED.items():
        with database.read() as session:
            there = set(_months(session, table))
            waiting = _waiting(session, table, column, units)
        wanted = {this + ahead for ahead in range(AHEAD + 1)} | {m for m in waiting if _OLDEST <= m <= this + AHEAD}
        for month in sorted(wanted - there):
            with database.write() as session:
                _make(session, table, month)


def drop_before(database: Database, table: str, before: int) -> list[str]:
    """Drop the partitions of a table that end at or before this Unix second; their names. Raises `StorageError`."""
    if database.engine_name != "postgresql":
        return []
    with database.read() as session:
        past = [month for month in _months(session, table) if start_of(month + 1) <= before]
    for month in past:
        with database.write() as session:
            session.execute(text(f"DROP TABLE {_name(table, month)}"))
    return [_name(table, month) for month in past]


def names(session: Session, table: str) -> list[str]:
    """The partitions of a table, the default one included; none in SQLite."""
    if session.get_bind().dialect.name != "postgresql":
        return []
    found = session.scalars(
        text("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = to_regclass(:table) ORDER BY 1"),
        {"table": table},
    )
    return list(found)


def _name(table: str, month: Month) -> str:
    return f"{table}_{month // 12:04}_{month % 12 + 1:02}"


def _months(session: Session, table: str) -> list[Month]:
    ends = [name.removeprefix(f"{table}_").split("_") for name in names(session, table) if name[-1].isdigit()]
    return sorted(int(year) * 12 + int(month) - 1 for year, month in ends)


def _waiting(session: Session, table: str, column: str, units: int) -> list[Month]:
    """Of which months rows are in the default partition."""
    month = f"date_trunc('month', to_timestamp({column} / {units}) AT TIME ZONE 'UTC')"
    since = start_of(_OLDEST) * units
    until = start_of(_OLDEST + 12 * 200) * units
    found = session.scalars(
        text(f"SELECT DISTINCT {month} FROM {table}_default WHERE {column} >= {since} AND {column} < {until}")  # noqa: S608 - names and numbers of ours
    )
    return [at.year * 12 + at.month - 1 for at in found]


def _make(session: Session, table: str, month: Month) -> None:
    """Rows that wait in the default partition go along: it may have none of a month that is attached."""
    column, units = DIVIDED[table]
    name, first, end = _name(table, month), start_of(month) * units, start_of(month + 1) * units
    inside = f"{column} >= {first} AND {column} < {end}"
    session.execute(text(f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE"))
    session.execute(text(f"CREATE TABLE {name} (LIKE {table} INCLUDING DEFAULTS INCLUDING CONSTRAINTS)"))
    session.execute(
        text(
            f"WITH moved AS (DELETE FROM {table}_default WHERE {inside} RETURNING *) "  # noqa: S608 - see above
            f"INSERT INTO {name} SELECT * FROM moved"
        )
    )
    session.execute(text(f"ALTER TABLE {table} ATTACH PARTITION {name} FOR VALUES FROM ({first}) TO ({end})"))
