"""Personal data is kept for a time: `delete_older` removes what is past it, in small transactions.

In PostgreSQL whole months go at once (`nac.db.partitions`); of the month in which the limit lies, rows go as in SQLite,
so the limit holds to the hour.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, Table, delete, exists, func, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session

from nac.config import Config
from nac.db import Database, partitions
from nac.db.schema import (
    Accounting,
    Authentication,
    Authorization,
    Base,
    CoaJob,
    Discard,
    Drained,
    LiveSession,
    SessionHour,
    SessionUsage,
    Sighting,
    Tombstone,
)
from nac.events.fact_sets import delete_unused
from nac.sessions import accounting

ROWS_AT_ONCE: Final = 5000
"""Rows of one transaction, so that a large deletion never keeps the drain waiting for long."""

_MICROSECONDS: Final = 1_000_000


@dataclass(frozen=True)
class Limits:
    """Unix seconds: what is older goes."""

    authentications: int
    accounting: int
    discards: int
    sessions: int
    usage: int
    sightings: int
    tombstones: int

    @classmethod
    def all_at(cls, before: int) -> Limits:
        """The same for everything."""
        return cls(*[before] * 7)

    @classmethod
    def of(cls, config: Config, *, now: int) -> Limits:
        """As configured, at the Unix second `now`."""
        kept, default = config.retention, config.events.retention
        spans = (kept.authentications, kept.accounting, kept.discards, kept.sessions, kept.usage, kept.sightings, None)
        return cls(*(now - (span or default).seconds for span in spans))


@dataclass(frozen=True)
class Deleted:
    """`rows`: how many of each table, those in dropped partitions not counted; `partitions`: the names of these."""

    rows: dict[str, int]
    partitions: list[str]


def delete_older(database: Database, limits: Limits) -> Deleted:
    """Delete what is past its limit, and what nothing refers to then. Raises `StorageError`."""
    closed = LiveSession.closed_us.is_not(None)
    rules: tuple[tuple[InstrumentedAttribute[int], int, int, ColumnElement[bool]], ...] = (
        (Authentication.at_us, limits.authentications, _MICROSECONDS, true()),
        (Accounting.at_us, limits.accounting, _MICROSECONDS, true()),
        (Discard.at_us, limits.discards, _MICROSECONDS, true()),
        (LiveSession.changed_us, limits.sessions, _MICROSECONDS, closed),
        (SessionUsage.seen_us, limits.sessions, _MICROSECONDS, true()),
        (SessionHour.hour, limits.usage, 1, true()),
        (CoaJob.decided_us, limits.sessions, _MICROSECONDS, CoaJob.ended_us.is_not(None)),
        (Sighting.last_us, limits.sightings, _MICROSECONDS, true()),
    )
    rows: dict[str, int] = {}
    dropped: list[str] = []
    for time, before, units, which in rules:
        table = _table(time)
        if table.name in partitions.DIVIDED:
            dropped += partitions.drop_before(database, table.name, before)
        rows[table.name] = _delete_in_parts(database, time, before * units, which)
    with database.write() as session:
        accounting.forget_hours(session, before=limits.usage)
    rows["tombstones"] = _delete_tombstones(database, limits.tombstones)
    with database.write() as session:
        rows["fact_sets"] = delete_unused(session)
        rows["authorizations"] = _delete_unused_authorizations(session)
    return Deleted({table: count for table, count in rows.items() if count}, dropped)


def _delete_in_parts(
    database: Database, time: InstrumentedAttribute[int], before: int, which: ColumnElement[bool]
) -> int:
    deleted = 0
    while True:
        with database.write() as session:
            last = select(time).where(time < before, which).order_by(time).offset(ROWS_AT_ONCE - 1).limit(1)
            end = session.scalar(last)
            upto = before if end is None else end + 1
            if time is SessionUsage.seen_us:
                accounting.keep_hours(session, seen_before_us=upto)
            deleted += _count(session, _table(time), time < upto, which)
        if end is None:
            return deleted


def _delete_tombstones(database: Database, before: int) -> int:
    with database.write() as session:
        return _count(session, _table(Tombstone.removed_at), Tombstone.removed_at < before)


def _delete_unused_authorizations(session: Session) -> int:
    """A data plane tells each once and then refers to it: one may go when all nodes began anew after that."""
    login = exists().where(Authentication.laid_out == Authorization.digest)
    held = Authorization.digest.in_(select(LiveSession.laid_out).where(LiveSession.laid_out.is_not(None)))
    oldest = select(func.coalesce(func.min(Drained.started_us), 0)).scalar_subquery()
    return _count(session, _table(Authorization.told_us), ~login, ~held, Authorization.told_us < oldest)


def _table(column: InstrumentedAttribute[int]) -> Table:
    return Base.metadata.tables[column.class_.__tablename__]


def _count(session: Session, table: Table, *which: ColumnElement[bool]) -> int:
    """Delete; how many rows that were."""
    return int(session.connection().execute(delete(table).where(*which)).rowcount)
