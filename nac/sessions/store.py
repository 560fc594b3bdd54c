"""Transitions of sessions into the table `sessions`, and back into the data plane at a start."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec
from sqlalchemy import Table, exists, or_, select, update
from sqlalchemy.orm import Session

from nac.db import bulk
from nac.db.schema import Base, Drained, LiveSession, SessionUsage
from nac.events.types import SessionHeader
from nac.identity.mac import stored_mac
from nac.identity.name import fold

_TABLE: Final[Table] = Base.metadata.tables["sessions"]
_COLUMNS: Final = tuple(_TABLE.columns.keys())
_REPLACE: Final = ", ".join(f"{column} = excluded.{column}" for column in _COLUMNS if column != "id")


class _Restorable(msgspec.Struct, frozen=True):
    record: msgspec.Raw


_decoder = msgspec.json.Decoder(_Restorable)


def note(session: Session, node: str, transitions: Iterable[tuple[SessionHeader, bytes]]) -> None:
    """Keep the newest transition of each session, given in the order of the journal, each beside the whole event."""
    newest = {event.session: (event, raw) for event, raw in transitions}
    rows = [_row(node, event, raw.decode()) for event, raw in newest.values()]
    bulk.upsert(session, _TABLE, _COLUMNS, rows, _REPLACE)


def load_open(session: Session, *, node: str) -> tuple[list[bytes], int]:
    """What `nac._dataplane.DataPlane` restores: the records of this node's sessions that are not over, and the sequence
    of its journal up to which they tell."""
    rows = session.scalars(select(LiveSession.event).where(LiveSession.node == node, LiveSession.closed_us.is_(None)))
    records = (_decoder.decode(row).record for row in rows)
    until = session.scalar(select(Drained.sequence).where(Drained.node == node)) or 0
    return [bytes(record) for record in records if record != b"null"], until


def close_ended(session: Session, *, node: str) -> int:
    """Close what a crash kept from being told as closed: sessions whose Stop is stored. How many there were."""
    stopped = (
        SessionUsage.client == LiveSession.client,
        SessionUsage.session_id == LiveSession.session_id,
        SessionUsage.ended,
        or_(LiveSession.authorized_us.is_(None), SessionUsage.seen_us > LiveSession.authorized_us),
    )
    ended_us = select(SessionUsage.seen_us).where(*stopped).scalar_subquery()
    closed = (
        update(LiveSession)
        .where(LiveSession.node == node, LiveSession.closed_us.is_(None), exists().where(*stopped))
        .values(state="closed", cause="unknown", closed_us=ended_us)
        .returning(LiveSession.id)
    )
    return len(session.scalars(closed, execution_options={"synchronize_session": False}).all())


def close_all(session: Session, *, node: str, cause: str, now_us: int) -> int:
    """Close what is open of a node that will not tell of it any more. How many there were."""
    closed = (
        update(LiveSession)
        .where(LiveSession.node == node, LiveSession.closed_us.is_(None))
        .values(state="closed", cause=cause, closed_us=now_us)
        .returning(LiveSession.id)
    )
    return len(session.scalars(closed, execution_options={"synchronize_session": False}).all())


def _row(node: str, event: SessionHeader, text: str) -> bulk.Row:
    values = {
        "id": event.session,
        "node": node,
        "state": event.state,
        "client": fold(event.client),
        "mac": stored_mac(event.mac) if event.mac else None,
        "identity_user": fold(event.identity_user) if event.identity_user else None,
        "device": fold(event.identity_device) if event.identity_device else None,
        "certificate": event.certificate,
        "method": event.method,
        "segment": event.segment,
        "laid_out": event.authorization,
        "decision": event.decision,
        "generation": event.generation,
        "session_id": event.acct_session_id,
        "opened_us": event.opened_at,
        "authorized_us": event.authorized_at,
        "changed_us": event.at,
        "closed_us": event.closed_at,
        "cause": event.cause,
        "event": text,
    }
    return tuple(value.replace("\x00", "") if isinstance(value, str) else value for value in map(values.get, _COLUMNS))
