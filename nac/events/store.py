"""Events into the database: one transaction per batch, and the same event twice is one row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from nac.db import Database
from nac.db.schema import Authentication, Authorization, Discard
from nac.events.fact_sets import RecordedFacts, fact_set_ids
from nac.events.types import AuthenticationHeader, AuthorizationEvent, DiscardEvent, Header
from nac.identity.mac import MacAddress, MacAddressError
from nac.identity.name import fold


class ReceivedEvent(NamedTuple):
    """An event beside the octets that said it: these are what is stored."""

    raw: bytes
    event: Header


class EventStore:
    """Writes batches of events."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def insert(self, batch: Sequence[ReceivedEvent]) -> None:
        """Store a batch, all or nothing. Events that are there already are left alone. Raises `StorageError`."""
        headers = [(r.event, r.raw) for r in batch if isinstance(r.event, AuthenticationHeader)]
        decided = {header.id: RecordedFacts.of(header.facts) for header, _ in headers if header.facts}
        authorizations = [_authorization_row(r.event) for r in batch if isinstance(r.event, AuthorizationEvent)]
        discards = [_discard_row(r.event) for r in batch if isinstance(r.event, DiscardEvent)]
        with self._database.write() as session:
            sets = fact_set_ids(session, decided.values())
            authentications = [_row(header, raw, decided.get(header.id), sets) for header, raw in headers]
            _insert_new(session, Authorization.metadata.tables["authorizations"], authorizations)
            _insert_new(session, Authentication.metadata.tables["authentications"], authentications)
            _insert_new(session, Discard.metadata.tables["discards"], discards)


def _insert_new(session: Session, table: Table, rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    if session.get_bind().dialect.name == "postgresql":
        session.execute(postgresql.insert(table).on_conflict_do_nothing(), rows)
    else:
        session.execute(sqlite.insert(table).on_conflict_do_nothing(), rows)


def _row(
    event: AuthenticationHeader, raw: bytes, decided: RecordedFacts | None, sets: Mapping[str, int]
) -> dict[str, Any]:
    return {
        "id": event.id,
        "at_us": event.at,
        "mac": _stored_mac(event.mac) if event.mac else None,
        "identity_user": fold(event.identity_user) if event.identity_user else None,
        "user_name": fold(event.user_name) if event.user_name else None,
        "device": fold(event.identity_device) if event.identity_device else None,
        "client": fold(event.client),
        "result": event.result,
        "cause": event.cause,
        "event": _without_nul(raw.decode()),
        "fact_set": sets[decided.digest] if decided else None,
        "days_left": decided.days_left if decided else None,
        "posture_age": decided.posture_age if decided else None,
        "generation": event.decision.generation if event.decision else None,
    }


def _authorization_row(event: AuthorizationEvent) -> dict[str, Any]:
    return {"digest": event.digest, "attributes": _without_nul(msgspec.json.encode(event.attributes).decode())}


def _discard_row(event: DiscardEvent) -> dict[str, Any]:
    row = msgspec.structs.asdict(event)
    return {"at_us": row.pop("at"), **row}


def _stored_mac(mac: str) -> str:
    """The data plane writes `00-11-22-33-44-55` (RFC 3580 3.21); the column has what `search_mac` makes of it."""
    return mac.replace("-", ":").lower()


def search_mac(text: str) -> str:
    """A MAC address in the form the `mac` column has; what is none is only case-folded."""
    try:
        return MacAddress.parse(text).text
    except MacAddressError:
        return fold(text)


def _without_nul(text: str) -> str:
    """PostgreSQL keeps no NUL in text; JSON writes one as an escape, so there is none to lose."""
    return text.replace("\x00", "")
