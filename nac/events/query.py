"""Find authentications and discards in the database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple, NewType

import msgspec
from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from nac.db.schema import Authentication, Authorization, Device, DeviceMac, Discard
from nac.errors import ConflictError, NotFoundError, StorageError
from nac.events.store import search_mac
from nac.events.types import AuthenticationEvent, Result
from nac.identity.name import fold

RowId = NewType("RowId", int)
"""Grows with each stored authentication: what `nac auth tail` remembers."""

SHORTEST_ID: Final = 8
"""Digits of an id that must be given at least."""

_MICROSECONDS: Final = 1_000_000

Attributes = list[tuple[str, str]]
_decoder: msgspec.json.Decoder[AuthenticationEvent] = msgspec.json.Decoder(AuthenticationEvent)
_attributes_decoder: msgspec.json.Decoder[Attributes] = msgspec.json.Decoder(Attributes)


@dataclass(frozen=True)
class AuthenticationFilter:
    """What is looked for; None does not restrict. `since`: Unix seconds. `user` matches who it was or said to be.

    `device` matches by name, and by the MAC addresses that the device has now.
    """

    mac: str | None = None
    user: str | None = None
    device: str | None = None
    client: str | None = None
    result: Result | None = None
    since: int | None = None


class StoredAuthentication(NamedTuple):
    """An event with its row, its reply complete."""

    row_id: RowId
    event: AuthenticationEvent


class DiscardSummary(NamedTuple):
    """Packets that were not answered, summed per reason and source. `last_at`: Unix seconds."""

    reason: str
    source: str
    client: str | None
    detail: str
    packets: int
    last_at: int


def newest(session: Session, wanted: AuthenticationFilter, limit: int) -> list[StoredAuthentication]:
    """The newest matching authentications, newest first. Raises `StorageError`."""
    query = _matching(wanted).order_by(Authentication.at_us.desc(), Authentication.row_id.desc()).limit(limit)
    return _complete(session, query)


def following(session: Session, wanted: AuthenticationFilter, after: RowId, limit: int) -> list[StoredAuthentication]:
    """Matching authentications that were stored after row `after`, oldest first. Raises `StorageError`."""
    query = _matching(wanted).where(Authentication.row_id > after).order_by(Authentication.row_id).limit(limit)
    return _complete(session, query)


def last_row(session: Session) -> RowId:
    """The newest row; 0 when there is none."""
    return RowId(session.scalar(select(func.max(Authentication.row_id))) or 0)


def by_id(session: Session, text: str) -> StoredAuthentication:
    """The authentication whose id is or starts with `text`. Raises `NotFoundError`, or `ConflictError` for several."""
    start = text.strip().lower()
    found: list[StoredAuthentication] = []
    if is_id(start):
        end = start + "g"  # sorts after every hex digit
        query = _columns().where(Authentication.id >= start, Authentication.id < end).limit(2)
        found = _complete(session, query)
    if not found:
        raise NotFoundError(f"there is no authentication {text!r}", fix="`nac auth list` shows the newest")
    if len(found) > 1:
        raise ConflictError(f"several authentications start with {text!r}", fix="give more digits")
    return found[0]


def is_id(text: str) -> bool:
    """Whether text can be an id of an authentication, or its start."""
    return SHORTEST_ID <= len(text) <= 32 and all(digit in "0123456789abcdef" for digit in text.lower())


def discards_since(
    session: Session, since: int, *, source: str | None = None, client: str | None = None
) -> list[DiscardSummary]:
    """Discards since a Unix second, most packets first; of one source address or one client if given."""
    total = func.sum(Discard.count)
    query = (
        select(Discard.reason, Discard.source, Discard.client, func.max(Discard.detail), total, func.max(Discard.at_us))
        .where(Discard.at_us >= since * _MICROSECONDS)
        .group_by(Discard.reason, Discard.source, Discard.client)
        .order_by(total.desc())
    )
    if source is not None:
        query = query.where(Discard.source == source)
    if client is not None:
        query = query.where(func.lower(Discard.client) == client.lower())
    return [DiscardSummary(*row[:4], int(row[4]), row[5] // _MICROSECONDS) for row in session.execute(query)]


def _columns() -> Select[int, str]:
    return select(Authentication.row_id, Authentication.event)


def _matching(wanted: AuthenticationFilter) -> Select[int, str]:
    query = _columns()
    if wanted.mac is not None:
        query = query.where(Authentication.mac == search_mac(wanted.mac))
    if wanted.user is not None:
        user = fold(wanted.user)
        query = query.where(or_(Authentication.identity_user == user, Authentication.user_name == user))
    if wanted.device is not None:
        device = fold(wanted.device)
        macs = select(DeviceMac.mac).join(Device).where(Device.key == device)
        query = query.where(or_(Authentication.device == device, Authentication.mac.in_(macs)))
    if wanted.client is not None:
        query = query.where(Authentication.client == fold(wanted.client))
    if wanted.result is not None:
        query = query.where(Authentication.result == wanted.result)
    if wanted.since is not None:
        query = query.where(Authentication.at_us >= wanted.since * _MICROSECONDS)
    return query


def _complete(session: Session, query: Select[int, str]) -> list[StoredAuthentication]:
    """The rows of a query, decoded, each reply with what the policy laid out for it."""
    try:
        events = [(RowId(row_id), _decoder.decode(raw)) for row_id, raw in session.execute(query)]
        digests = {event.reply.authorization for _, event in events if event.reply and event.reply.authorization}
        columns = select(Authorization.digest, Authorization.attributes).where(Authorization.digest.in_(digests))
        laid_out = {digest: _attributes_decoder.decode(raw) for digest, raw in session.execute(columns)}
        return [StoredAuthentication(row_id, _with_authorization(event, laid_out)) for row_id, event in events]
    except msgspec.MsgspecError as error:
        raise StorageError(
            f"an event in the database is not understood: {error}", fix="it was written by another version of nac"
        ) from error


def _with_authorization(event: AuthenticationEvent, laid_out: Mapping[str, Attributes]) -> AuthenticationEvent:
    reply = event.reply
    if reply is None or reply.authorization is None:
        return event
    attributes = [*reply.attributes, *laid_out.get(reply.authorization, [])]
    return msgspec.structs.replace(event, reply=msgspec.structs.replace(reply, attributes=attributes))
