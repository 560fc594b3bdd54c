"""Accounting records into `session_usage` and `session_hours`: each record once, in the transaction that stores it.

An hour's octets are those that were reported within it, for no NAS says how they spread over the time since its last
report.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec
from sqlalchemy import Table
from sqlalchemy.orm import Session

from nac.db import bulk
from nac.db.schema import Base
from nac.sessions.usage import MOST, NOTHING, Added, Report, Usage

SessionKey = tuple[str, str]
"""Client and Acct-Session-Id."""

_KEYS: Final = ("client", "session_id")
_COLUMNS: Final = (*_KEYS, *Usage.__struct_fields__)
_USAGE: Final[Table] = Base.metadata.tables["session_usage"]
_HOURS: Final[Table] = Base.metadata.tables["session_hours"]
_HOUR_COLUMNS: Final = ("hour", *_KEYS, *Added._fields)
_HOUR_US: Final = 3_600_000_000
_HOUR_S: Final = 3600

_REPLACE: Final = ", ".join(f"{column} = excluded.{column}" for column in Usage.__struct_fields__)
# Counted up to MOST: neither database has more in a column, and SQLite would go on with a float.
_ADD: Final = ", ".join(
    f"{column} = CASE WHEN session_hours.{column} > {MOST} - excluded.{column} THEN {MOST} "
    f"ELSE session_hours.{column} + excluded.{column} END"
    for column in Added._fields
)


def count(session: Session, reports: Sequence[tuple[SessionKey, Report]]) -> None:
    """Count what records that were never counted before say of sessions, in their order.

    What a session has in a batch is added up first: one row is read and written for each session, and for each of its
    hours.
    """
    keys = sorted({key for key, _ in reports})
    used = {(row[0], row[1]): Usage(*row[2:]) for row in bulk.fetch(session, _USAGE, _COLUMNS, keys)}
    hours: dict[tuple[int, str, str], Added] = {}
    for key, report in reports:
        before = used.get(key)
        used[key], added = Usage.begun_by(report) if before is None else before.after(report)
        if any(added):
            hour = (report.happened_us // _HOUR_US * _HOUR_S, *key)
            was = hours.get(hour, NOTHING)
            hours[hour] = Added(min(was[0] + added[0], MOST), min(was[1] + added[1], MOST))
    usages = [key + msgspec.structs.astuple(used[key]) for key in keys]
    bulk.upsert(session, _USAGE, _COLUMNS, usages, _REPLACE)
    bulk.upsert(session, _HOURS, _HOUR_COLUMNS, [hour + hours[hour] for hour in sorted(hours)], _ADD)
