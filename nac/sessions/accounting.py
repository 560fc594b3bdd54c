"""Accounting records into `session_usage` and `session_hours`: each record once, in the transaction that stores it.

An hour's octets are those that were reported within it, for no NAS says how they spread over the time since its last
report. The newest hour of a session is in its row of `session_usage`.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Table, select, text, update
from sqlalchemy.orm import Session

from nac._dataplane import AccountingBatch
from nac.db import bulk
from nac.db.schema import Base, Drained, SessionUsage

_ACCOUNTING: Final[Table] = Base.metadata.tables["accounting"]
_USAGE: Final[Table] = Base.metadata.tables["session_usage"]
_HOURS: Final[Table] = Base.metadata.tables["session_hours"]
_REPLACE: Final = ", ".join(
    f"{column.name} = excluded.{column.name}" for column in _USAGE.columns if not column.primary_key
)
_MOST: Final = 2**63 - 1
# Counted up to what a column holds: SQLite would go on with a float.
_ADD: Final = ", ".join(
    f"{column} = CASE WHEN session_hours.{column} > {_MOST} - excluded.{column} THEN {_MOST} "
    f"ELSE session_hours.{column} + excluded.{column} END"
    for column in ("input_octets", "output_octets")
)
_KEEP: Final = (
    f"INSERT INTO session_hours ({', '.join(_HOURS.columns.keys())}) "  # noqa: S608 - names of ours
    f"SELECT hour, client, session_id, hour_input_octets, hour_output_octets FROM session_usage "
    f"WHERE seen_us < :before AND (hour_input_octets > 0 OR hour_output_octets > 0) "
    f"ON CONFLICT (hour, client, session_id) DO UPDATE SET {_ADD}"
)
_NONE: Final = {"hour": 0, "hour_input_octets": 0, "hour_output_octets": 0}


def store(session: Session, batch: AccountingBatch) -> None:
    """Append records that were never stored before, and count what they say of sessions.

    What a session has in a batch is added up first: one row is read and written for each session. The hour in which it
    reports is in that row, and goes to the others when it is over.
    """
    bulk.append(session, _ACCOUNTING, _ACCOUNTING.columns.keys(), batch.rows())
    known = bulk.fetch(session, _USAGE, _USAGE.columns.keys(), batch.sessions())
    usages, hours = batch.count(known)
    bulk.rewrite(session, _USAGE, _USAGE.columns.keys(), usages, _REPLACE, placed=len(known))
    bulk.upsert(session, _HOURS, _HOURS.columns.keys(), hours, _ADD)


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
