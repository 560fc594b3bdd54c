"""Months in PostgreSQL: made ahead, filled from what waits, dropped whole; and nothing of all that in SQLite."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from nac.db import Database, partitions
from nac.events.retention import Limits, delete_older

NOW = int(datetime(2026, 11, 23, tzinfo=UTC).timestamp())


def at(year: int, month: int, day: int = 2) -> int:
    return int(datetime(year, month, day, tzinfo=UTC).timestamp())


@pytest.fixture
def on_postgresql(database: Database) -> Database:
    if database.engine_name != "postgresql":
        pytest.skip("SQLite has no partitions")
    return database


def add(database: Database, second: int) -> None:
    with database.write() as session:
        session.execute(
            text(
                "INSERT INTO discards (at_us, sequence, reason, detail, source, count) VALUES (:at, 1, '', '', '', 1)"
            ),
            {"at": second * 1_000_000},
        )
        session.execute(text("INSERT INTO session_hours VALUES (:at, 'sw', '2A', 1, 1)"), {"at": second})


def held(database: Database, table: str) -> dict[str, int]:
    with database.read() as session:
        return {
            name: count
            for name in partitions.names(session, table)
            if (count := session.scalar(text(f"SELECT count(*) FROM {name}")) or 0)  # noqa: S608 - names of ours
        }


def test_rows_that_wait_move_into_their_month(on_postgresql: Database) -> None:
    for second in (at(1970, 1), at(2026, 8), at(2026, 8, 30), at(2026, 11), at(2031, 1)):
        add(on_postgresql, second)
    for _ in range(2):
        partitions.prepare(on_postgresql, now=NOW)
        for table in ("discards", "session_hours"):
            assert held(on_postgresql, table) == {
                f"{table}_2026_08": 2,
                f"{table}_2026_11": 1,
                f"{table}_default": 2,
            }
    add(on_postgresql, at(2027, 1))
    assert held(on_postgresql, "discards")["discards_2027_01"] == 1, "made ahead"


@pytest.mark.parametrize(
    ("year", "month", "first"), [(2026, 12, 1796083200), (2027, 1, 1798761600), (2000, 1, 946684800)]
)
def test_months(year: int, month: int, first: int) -> None:
    number = year * 12 + month - 1
    assert partitions.start_of(number) == first
    assert (partitions.month_of(first), partitions.month_of(first - 1)) == (number, number - 1)


def test_whole_months_are_dropped_and_the_rest_to_the_second(on_postgresql: Database) -> None:
    for second in (at(2026, 8), at(2026, 9, 9), at(2026, 9, 11), at(2026, 11)):
        add(on_postgresql, second)
    partitions.prepare(on_postgresql, now=NOW)
    deleted = delete_older(on_postgresql, Limits.all_at(at(2026, 9, 10)))
    assert {"discards_2026_08", "session_hours_2026_08"} <= set(deleted.partitions)
    assert deleted.rows == {"discards": 1, "session_hours": 1}
    assert held(on_postgresql, "discards") == {"discards_2026_09": 1, "discards_2026_11": 1}


def test_sqlite_has_none(sqlite_url: str) -> None:
    database = Database.open(sqlite_url)
    partitions.prepare(database, now=NOW)
    assert partitions.drop_before(database, "discards", NOW) == []
    with database.read() as session:
        assert partitions.names(session, "discards") == []
