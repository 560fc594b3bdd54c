"""Events into the database: one transaction per batch, and the same event twice is one row."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final, TypeVar

import msgspec
from sqlalchemy import Table, select, update
from sqlalchemy.orm import Session

from nac._dataplane import AccountingBatch, AuthenticationBatch
from nac.db import Database, bulk
from nac.db.schema import Authentication, Authorization, Base, Discard, Drained, PostureRefusal
from nac.errors import UnstorableError
from nac.events.acts import store_acts
from nac.events.coa_rows import store_coa
from nac.events.fact_sets import fact_set_ids
from nac.events.types import (
    AccountingHeader,
    AdminEvent,
    AuthenticationHeader,
    AuthorizationEvent,
    CoaEvent,
    DiscardEvent,
    Header,
    PostureRefusedEvent,
    SessionHeader,
)
from nac.identity.mac import MacAddress, MacAddressError
from nac.identity.name import fold
from nac.sessions import accounting, sightings
from nac.sessions import store as sessions

_AUTHENTICATION: Final = tuple(Base.metadata.tables["authentications"].columns.keys())[1:]
"""All but the row's number, which the database gives."""
_AUTHORIZATION: Final = ("digest", "attributes", "told_us")
_DISCARD: Final = ("at_us", "sequence", "reason", "detail", "client", "source", "count")
_REFUSAL: Final = ("id", "at_us", "name", "event")
_DRAINED: Final = ("node", "sequence", "started_us", "committed_us")

_Kind = TypeVar("_Kind", bound=Header)


class ReceivedEvent(msgspec.Struct, frozen=True, gc=False):
    """An event beside the octets that said it: these are what is stored.

    `sequence`: its place in the journal; 0 when it did not come from there, which no accounting does.
    """

    raw: bytes
    event: Header
    sequence: int = 0


class EventStore:
    """Writes batches of events. `node`: whose journal they come from, 32 hex digits. `clock`: Unix seconds."""

    def __init__(self, database: Database, *, node: str, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._node = node
        self._clock = clock
        self._started_us = self._now_us()

    def insert(self, batch: Sequence[ReceivedEvent]) -> None:
        """Store a batch, all or nothing. Events that are there already are left alone. Raises `StorageError`.

        How far the journal is in the database is written along, so that records which count something up count once.
        """
        with self._database.write() as session:
            done = self._drained(session)
            new = [received for received in batch if not 0 < received.sequence <= done]
            self._insert_new(session, new)
            position = {
                "sequence": max(done, *(received.sequence for received in new)) if new else done,
                "started_us": self._started_us,
                "committed_us": self._now_us(),
            }
            session.execute(update(Drained).where(Drained.node == self._node).values(position))

    def _drained(self, session: Session) -> int:
        """The row is locked: a second connection waits, as when the first was lost in mid commit."""
        position = select(Drained.sequence).where(Drained.node == self._node).with_for_update()
        if (found := session.scalar(position)) is not None:
            return found
        never = (self._node, 0, self._started_us, 0)
        bulk.insert_missing(session, _table(Drained), _DRAINED, [never])
        return session.scalars(position).one()

    def _now_us(self) -> int:
        return int(self._clock() * 1_000_000)

    def _insert_new(self, session: Session, new: Sequence[ReceivedEvent]) -> None:
        of: dict[type, list[ReceivedEvent]] = defaultdict(list)
        for received in new:
            of[type(received.event)].append(received)
        now_us = self._now_us()
        told = {event.digest: _authorization_row(event, now_us) for event, _ in _each(AuthorizationEvent, of)}
        bulk.upsert(session, _table(Authorization), _AUTHORIZATION, list(told.values()), "told_us = excluded.told_us")
        self._insert_authentications(session, [(r.sequence, r.raw) for _, r in _each(AuthenticationHeader, of)])
        discards = [_discard_row(event) for event, _ in _each(DiscardEvent, of)]
        bulk.insert_missing(session, _table(Discard), _DISCARD, discards)
        refusals = [_refusal_row(event) for event, _ in _each(PostureRefusedEvent, of)]
        bulk.insert_missing(session, _table(PostureRefusal), _REFUSAL, refusals)
        sessions.note(session, self._node, [(event, r.raw) for event, r in _each(SessionHeader, of)])
        store_coa(session, self._node, [(r.sequence, event) for event, r in _each(CoaEvent, of)])
        store_acts(session, self._node, [(r.sequence, event) for event, r in _each(AdminEvent, of)])
        self._insert_accounting(session, [(r.sequence, r.raw) for _, r in _each(AccountingHeader, of)])

    def _insert_authentications(self, session: Session, records: list[tuple[int, bytes]]) -> None:
        if not records:
            return
        with _planes_agree():
            batch = AuthenticationBatch(records=records, form=bulk.form(session))
        sets = fact_set_ids(session, dict(batch.fact_sets()))
        bulk.insert_missing(session, _table(Authentication), _AUTHENTICATION, batch.rows(sets))
        sightings.note(session, batch.sightings())

    def _insert_accounting(self, session: Session, records: list[tuple[int, bytes]]) -> None:
        if not records:
            return
        with _planes_agree():
            batch = AccountingBatch(node=self._node, records=records, form=bulk.form(session))
        accounting.store(session, batch)


@contextmanager
def _planes_agree() -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        raise UnstorableError(str(error), fix="the two planes disagree; please report it") from error


def _each(kind: type[_Kind], of: Mapping[type, Sequence[ReceivedEvent]]) -> Iterator[tuple[_Kind, ReceivedEvent]]:
    return ((one.event, one) for one in of[kind] if isinstance(one.event, kind))


def _table(model: type[Base]) -> Table:
    return Base.metadata.tables[model.__tablename__]


def _folded(name: str | None) -> str | None:
    return _without_nul(fold(name)) if name else None


def _authorization_row(event: AuthorizationEvent, told_us: int) -> bulk.Row:
    return event.digest, _without_nul(msgspec.json.encode(event.attributes).decode()), told_us


def _discard_row(event: DiscardEvent) -> bulk.Row:
    client = event.client and _without_nul(event.client)
    return event.at, event.sequence, event.reason, _without_nul(event.detail), client, event.source, event.count


def _refusal_row(event: PostureRefusedEvent) -> bulk.Row:
    name = _folded(event.device or next(iter(event.names), None))
    return event.id, event.at, name, _without_nul(msgspec.json.encode(event).decode())


def search_mac(text: str) -> str:
    """A MAC address in the form the `mac` column has; what is none is only case-folded."""
    try:
        return MacAddress.parse(text).text
    except MacAddressError:
        return fold(text)


def _without_nul(text: str) -> str:
    """PostgreSQL keeps no NUL in text. JSON writes one as an escape, so events as a whole have none to lose."""
    return text.replace("\x00", "")
