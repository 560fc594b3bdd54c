"""A verb for a session, as the switch's make takes it: which verbs there are, and the message that says one."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final

from nac.coa.message import Code, Message
from nac.coa.recipe import IN_PLACE_ALL, Name, Part, Recipe, Verb
from nac.coa.session import Wanted
from nac.enforcement.layout import Encoder
from nac.events.types import Session

_MILD_FIRST: Final = (Verb.CHANGE, Verb.REAUTHENTICATE, Verb.DISCONNECT, Verb.BOUNCE)
_END_FIRST: Final = (Verb.DISCONNECT, Verb.REAUTHENTICATE, Verb.BOUNCE)

_SEGMENT_TYPES: Final = frozenset({64, 65, 81})
"""Tunnel-Type, Tunnel-Medium-Type, Tunnel-Private-Group-Id: the VLAN (RFC 3580 3.31)."""


class UnnameableError(Exception):
    """Too little is known of a session to name it to this make of switch; a guess could hit another session."""


def changed_parts(session: Session, wanted: Wanted | None) -> frozenset[Part]:
    """What of the session a change would have to bring about; nothing when it should end or log in again.

    The same segment of another generation may have another VLAN, so only within one generation it is the list alone.
    """
    if wanted is None or wanted.verdict == "reject":
        return frozenset()
    same = (wanted.segment, wanted.generation) == (session.segment, session.generation)
    return frozenset({"access-list"}) if same else IN_PLACE_ALL


def plan(
    recipe: Recipe,
    session: Session,
    wanted: Wanted,
    *,
    chosen: tuple[Verb, ...] | None,
    useless: Collection[Verb] = (),
) -> tuple[Verb, ...]:
    """The verbs to try, in order; the last one twice, as a second Disconnect tells whether the first one worked.

    `chosen`: what the administrator said for this client, in order; a `change` among them is taken at its word.
    `useless`: what the switch has refused for good; it is tried all the same where nothing else is left.
    """
    changed = changed_parts(session, wanted)
    if chosen is not None:
        known = [verb for verb in chosen if verb is not Verb.CHANGE or changed]
        known = [verb for verb in known if verb in {Verb.CHANGE, Verb.DISCONNECT} or verb in recipe.commands]
    else:
        order = _MILD_FIRST if changed else _END_FIRST
        every = [verb for verb in order if recipe.knows(verb, changed)]
        known = [verb for verb in every if verb not in useless] or every
    if (session.nas.port_type or "").startswith("Wireless"):
        known = [verb for verb in known if verb is not Verb.BOUNCE]
    return (*known, *known[-1:])


def message(
    recipe: Recipe, session: Session, verb: Verb, wanted: Wanted | None, encoder: Encoder, *, now: int
) -> Message:
    """The request. `now`: Unix seconds. Raises `UnnameableError`, or `nac._dataplane.DictionaryError` when what the
    switch said of the session fits no attribute."""
    named = b"".join(_naming(recipe, session, verb, encoder))
    timestamp = now if recipe.timestamp else None
    if verb is Verb.DISCONNECT:
        return Message(Code.DISCONNECT_REQUEST, named, timestamp)
    if verb is Verb.CHANGE and wanted is not None:
        encoded = bytes.fromhex(wanted.encoded)
        if changed_parts(session, wanted) != IN_PLACE_ALL:
            encoded = b"".join(one for one in _split(encoded) if one[0] not in _SEGMENT_TYPES)
        return Message(Code.COA_REQUEST, named + encoded, timestamp)
    commands = (encoder.encode(one.name, one.value) for one in recipe.commands[verb])
    return Message(Code.COA_REQUEST, named + b"".join(commands), timestamp)


def _naming(recipe: Recipe, session: Session, verb: Verb, encoder: Encoder) -> Iterator[bytes]:
    """RFC 5176 3: the attributes that say which switch and which session."""
    known = _said(session)
    way = next((way for way in recipe.naming(verb) if all(name in known for name in way)), None)
    if way is None:
        needed = " or ".join(" with ".join(way) for way in recipe.naming(verb))
        raise UnnameableError(f"the switch must be told {needed}, which it never said of this session itself")
    names = (*recipe.nas, *way, *(name for name in recipe.also if name not in way))
    for name in names:
        if name in known:
            attribute, value = known[name]
            yield encoder.encode(attribute, value)


def _said(session: Session) -> dict[Name, tuple[str, str]]:
    """What the switch said of a session: name -> attribute and value."""
    nas = session.nas
    address: Name = "NAS-IPv6-Address" if ":" in (nas.address or "") else "NAS-IP-Address"
    framed = next((one for one in session.addresses if ":" not in one), None)
    audit = f"audit-session-id={session.audit_session_id}"
    said: dict[Name, tuple[str, str | int | None]] = {
        address: (address, nas.address),
        "NAS-Identifier": ("NAS-Identifier", nas.identifier),
        "NAS-Port": ("NAS-Port", nas.port),
        "NAS-Port-Id": ("NAS-Port-Id", nas.port_id),
        "User-Name": ("User-Name", session.user_name),
        "Calling-Station-Id": ("Calling-Station-Id", session.calling_station),
        "Acct-Session-Id": ("Acct-Session-Id", session.acct_session_id),
        "Acct-Multi-Session-Id": ("Acct-Multi-Session-Id", session.acct_multi_session_id),
        "Framed-IP-Address": ("Framed-IP-Address", framed),
        "audit-session-id": ("Cisco-AVPair", audit if session.audit_session_id else None),
    }
    return {name: (attribute, str(value)) for name, (attribute, value) in said.items() if value is not None}


def _split(encoded: bytes) -> Iterator[bytes]:
    """Encoded attributes, one by one."""
    at = 0
    while at < len(encoded):
        yield encoded[at : at + encoded[at + 1]]
        at += encoded[at + 1]
