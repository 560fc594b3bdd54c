"""Personal data is kept for a time: `delete_older` removes events and tombstones past it, in small transactions."""

from __future__ import annotations

from typing import Final

from sqlalchemy import delete, func, select

from nac.db import Database
from nac.db.schema import Accounting, Authentication, CoaJob, Discard, Tombstone
from nac.events.fact_sets import delete_unused

ROWS_AT_ONCE: Final = 5000
"""Rows of one transaction, so that a large deletion never keeps the drain waiting for long."""

_MICROSECONDS: Final = 1_000_000


def delete_older(database: Database, before: int) -> int:
    """Delete what happened, and tombstones, from before this Unix second; how many rows. Raises `StorageError`."""
    authentications = _delete_in_parts(database, Authentication, before * _MICROSECONDS)
    if authentications:
        with database.write() as session:
            delete_unused(session)
    others = sum(_delete_in_parts(database, table, before * _MICROSECONDS) for table in (Accounting, Discard))
    return authentications + others + _delete_jobs(database, before) + _delete_tombstones(database, before)


def _delete_in_parts(database: Database, table: type[Authentication | Accounting | Discard], before_us: int) -> int:
    deleted = 0
    while True:
        with database.write() as session:
            oldest = select(table.row_id).where(table.at_us < before_us).limit(ROWS_AT_ONCE)
            rows = session.scalars(oldest).all()
            session.execute(delete(table).where(table.row_id.in_(rows)))
        deleted += len(rows)
        if len(rows) < ROWS_AT_ONCE:
            return deleted


def _delete_jobs(database: Database, before: int) -> int:
    """Changes that ended; those that are open stay."""
    with database.write() as session:
        done = session.execute(delete(CoaJob).where(CoaJob.ended_us < before * _MICROSECONDS))
        return int(done.rowcount)  # type: ignore[attr-defined]  # a DELETE's result is a cursor's


def _delete_tombstones(database: Database, before: int) -> int:
    with database.write() as session:
        old = Tombstone.removed_at < before
        count = session.scalar(select(func.count()).select_from(Tombstone).where(old)) or 0
        session.execute(delete(Tombstone).where(old))
    return count
