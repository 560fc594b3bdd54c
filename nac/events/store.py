"""Events into the database: one transaction per batch, and the same event twice is one row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from nac.db import Database
from nac.db.schema import Accounting, Authentication, Authorization, Discard
from nac.events.coa_rows import store_coa
from nac.events.fact_sets import RecordedFacts, fact_set_ids
from nac.events.types import AccountingHeader, AuthenticationHeader, AuthorizationEvent, CoaEvent, DiscardEvent, Header
from nac.identity.mac import MacAddress, MacAddressError
from nac.identity.name import fold


class ReceivedEvent(NamedTuple):
    """An event beside the octets that said it: these are what is stored.

    `sequence`: its place in the journal; 0 when it did not come from there, which no accounting does.
    """

    raw: bytes
    event: Header
    sequence: int = 0


class EventStore:
    """Writes batches of events. `node`: whose journal they come from, 32 hex digits."""

    def __init__(self, database: Database, *, node: str) -> None:
        self._database = database
        self._node = node

    def insert(self, batch: Sequence[ReceivedEvent]) -> None:
        """Store a batch, all or nothing. Events that are there already are left alone. Raises `StorageError`."""
        headers = [(r.event, r.raw) for r in batch if isinstance(r.event, AuthenticationHeader)]
        decided = {header.id: RecordedFacts.of(header.facts) for header, _ in headers if header.facts}
        authorizations = [_authorization_row(r.event) for r in batch if isinstance(r.event, AuthorizationEvent)]
        accounting = [self._accounting_row(r, r.event) for r in batch if isinstance(r.event, AccountingHeader)]
        discards = [_discard_row(r.event) for r in batch if isinstance(r.event, DiscardEvent)]
        with self._database.write() as session:
            sets = fact_set_ids(session, decided.values())
            authentications = [_row(header, raw, decided.get(header.id), sets) for header, raw in headers]
            _insert_new(session, Authorization.metadata.tables["authorizations"], authorizations)
            _insert_new(session, Authentication.metadata.tables["authentications"], authentications)
            _insert_new(session, Accounting.metadata.tables["accounting"], accounting)
            _insert_new(session, Discard.metadata.tables["discards"], discards)
            store_coa(session, [r.event for r in batch if isinstance(r.event, CoaEvent)])

    def _accounting_row(self, received: ReceivedEvent, event: AccountingHeader) -> dict[str, Any]:
        return {
            "node": self._node,
            "sequence": received.sequence,
            "at_us": event.at,
            "happened_us": event.happened_at,
            "client": fold(event.client),
            "status": event.status,
            "session_id": _without_nul(event.session_id) if event.session_id else None,
            "decision": event.decision,
            "mac": _stored_mac(event.mac) if event.mac else None,
            "user_name": _without_nul(fold(event.user_name)) if event.user_name else None,
            "session_time": event.session_time,
            "input_octets": event.input_octets,
            "output_octets": event.output_octets,
            "event": _without_nul(received.raw.decode()),
        }


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
