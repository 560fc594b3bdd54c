"""Accounting records into `session_usage` and `session_hours`: each record once, in the transaction that stores it.

An hour's octets are those that were reported within it, for no NAS says how they spread over the time since its last
report. The newest hour of a session is in its row of `session_usage`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec
from sqlalchemy import Table, select, text, update
from sqlalchemy.orm import Session

from nac.db import bulk
from nac.db.schema import Base, Drained, SessionUsage
from nac.sessions.usage import MOST, NO_HOUR, Added, Hour, Report, Usage

SessionKey = tuple[str, str]
"""Client and Acct-Session-Id."""

_KEYS: Final = ("client", "session_id")
_HOUR_AT: Final = len(_KEYS) + len(Usage.__struct_fields__)
_COLUMNS: Final = (*_KEYS, *Usage.__struct_fields__, *Hour._fields)
_USAGE: Final[Table] = Base.metadata.tables["session_usage"]
_HOURS: Final[Table] = Base.metadata.tables["session_hours"]
_HOUR_COLUMNS: Final = ("hour", *_KEYS, *Added._fields)
_HOUR_US: Final = 3_600_000_000
_HOUR_S: Final = 3600

_REPLACE: Final = ", ".join(f"{column} = excluded.{column}" for column in _COLUMNS[len(_KEYS) :])
# Counted up to MOST: neither database has more in a column, and SQLite would go on with a float.
_ADD: Final = ", ".join(
    f"{column} = CASE WHEN session_hours.{column} > {MOST} - excluded.{column} THEN {MOST} "
    f"ELSE session_hours.{column} + excluded.{column} END"
    for column in Added._fields
)
_KEEP: Final = (
    f"INSERT INTO session_hours ({', '.join(_HOUR_COLUMNS)}) "  # noqa: S608 - names of ours
    f"SELECT hour, client, session_id, hour_input_octets, hour_output_octets FROM session_usage "
    f"WHERE seen_us < :before AND (hour_input_octets > 0 OR hour_output_octets > 0) "
    f"ON CONFLICT (hour, client, session_id) DO UPDATE SET {_ADD}"
)
_NONE: Final = NO_HOUR._asdict()


def count(session: Session, reports: Sequence[tuple[SessionKey, Report]]) -> None:
    """Count what records that were never counted before say of sessions, in their order.

    What a session has in a batch is added up first: one row is read and written for each session. The hour in which it
    reports is in that row, and goes to the others when it is over.
    """
    keys = sorted({key for key, _ in reports})
    found = bulk.fetch(session, _USAGE, _COLUMNS, keys)
    used = {(row[0], row[1]): Usage(*row[2:_HOUR_AT]) for row in found}
    newest = {(row[0], row[1]): Hour(*row[_HOUR_AT:]) for row in found}
    over: dict[tuple[int, str, str], Hour] = {}
    for key, report in reports:
        before = used.get(key)
        used[key], added = Usage.begun_by(report) if before is None else before.after(report)
        if any(added):
            hour = Hour(report.happened_us // _HOUR_US * _HOUR_S, *added)
            newest[key], older = newest.get(key, NO_HOUR).and_then(hour)
            if any(older[1:]):
                at = (older.hour, *key)
                over[at] = over[at].and_then(older)[0] if at in over else older
    usages = [key + msgspec.structs.astuple(used[key]) + newest.get(key, NO_HOUR) for key in keys]
    bulk.upsert(session, _USAGE, _COLUMNS, usages, _REPLACE)
    bulk.upsert(session, _HOURS, _HOUR_COLUMNS, [at + over[at][1:] for at in sorted(over)], _ADD)


def keep_hours(session: Session, *, seen_before_us: int) -> None:
    """Copy the newest hour of each session that was last heard of before this Unix microsecond to the other hours,
    before its row is deleted in the same transaction.

    Nobody drains meanwhile: what a batch has read and will write would have it twice.
    """
    session.execute(select(Drained.node).with_for_update()).all()
    session.execute(text(_KEEP), {"before": seen_before_us})


def forget_hours(session: Session, *, before: int) -> None:
    """Forget what sessions had in a newest hour that begins before this Unix second."""
    session.execute(update(SessionUsage).where(SessionUsage.hour < before, SessionUsage.hour > 0).values(_NONE))
