"""Accounting records into `session_usage` and `session_hours`: each record once, in the transaction that stores it.

An hour's octets are those that were reported within it, for no NAS says how they spread over the time since its last
report.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from sqlalchemy import Table
from sqlalchemy.orm import Session

from nac.db import bulk
from nac.db.schema import Base
from nac.sessions.usage import MOST, NOTHING, Added, Report, Usage

SessionKey = tuple[str, str]
"""Client and Acct-Session-Id."""

_KEYS: Final = ("client", "session_id")
_COLUMNS: Final = (*_KEYS, *Usage._fields)
_USAGE: Final[Table] = Base.metadata.tables["session_usage"]
_HOURS: Final[Table] = Base.metadata.tables["session_hours"]
_HOUR_US: Final = 3_600_000_000
_HOUR_S: Final = 3600

_REPLACE: Final = ", ".join(f"{column} = excluded.{column}" for column in Usage._fields)
_ADD: Final = ", ".join(f"{column} = session_hours.{column} + excluded.{column}" for column in Added._fields)


def count(session: Session, reports: Iterable[tuple[SessionKey, Report]]) -> None:
    """Count what records that were never counted before say of sessions, in their order."""
    reports = list(reports)
    keys = sorted({key for key, _ in reports})
    known = bulk.fetch(session, _USAGE, _COLUMNS, keys)
    used = {(row[0], row[1]): Usage._make(row[2:]) for row in known}
    hours: dict[tuple[int, str, str], Added] = {}
    for key, report in reports:
        before = used.get(key)
        used[key], added = Usage.begun_by(report) if before is None else before.after(report)
        if any(added):
            hour = (report.happened_us // _HOUR_US * _HOUR_S, *key)
            was = hours.get(hour, NOTHING)
            hours[hour] = Added(min(was[0] + added[0], MOST), min(was[1] + added[1], MOST))
    bulk.upsert(session, _USAGE, _COLUMNS, [(*key, *used[key]) for key in keys], _REPLACE)
    columns = ("hour", *_KEYS, *Added._fields)
    bulk.upsert(session, _HOURS, columns, [(*hour, *hours[hour]) for hour in sorted(hours)], _ADD)
