"""What a make of switch takes: how a session is named to it, and how each verb is said. The data: `nac.coa.vendor`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Literal

from nac.enforcement.vendor import Attribute

DEFAULT_PORT: Final = 3799
"""RFC 5176 2.1."""


class Verb(StrEnum):
    """What can be done to a live session, the mildest first."""

    CHANGE = "change"
    REAUTHENTICATE = "reauthenticate"
    DISCONNECT = "disconnect"
    BOUNCE = "bounce"


Part = Literal["segment", "access-list"]
"""What of a session can be changed in place."""

Name = Literal[
    "User-Name",
    "NAS-IP-Address",
    "NAS-IPv6-Address",
    "NAS-Identifier",
    "NAS-Port",
    "NAS-Port-Id",
    "Calling-Station-Id",
    "Acct-Session-Id",
    "Acct-Multi-Session-Id",
    "Framed-IP-Address",
    "audit-session-id",
]
"""Attributes that say which switch and session is meant (RFC 5176 3); `audit-session-id` goes into a `Cisco-AVPair`."""

NAS: Final[tuple[Name, ...]] = ("NAS-IP-Address", "NAS-IPv6-Address", "NAS-Identifier")

IN_PLACE_NOT: Final[frozenset[Part]] = frozenset()
IN_PLACE_LIST: Final[frozenset[Part]] = frozenset({"access-list"})
IN_PLACE_ALL: Final[frozenset[Part]] = frozenset({"access-list", "segment"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """`names`: ways to name a session, the first of which all is known is used; where none is, nothing is sent.
    `nas`, `also`: added as far as they are known. `disconnect_names`: for Disconnect, where it differs.

    `commands`: what says a verb in a CoA-Request; a verb that is missing is not known there. Disconnect is a packet of
    its own and known everywhere. `in_place`: what a CoA-Request may change without a new login. `timestamp`: whether
    Event-Timestamp is taken.
    """

    names: tuple[tuple[Name, ...], ...]
    nas: tuple[Name, ...] = NAS
    also: tuple[Name, ...] = ()
    disconnect_names: tuple[tuple[Name, ...], ...] | None = None
    port: int = DEFAULT_PORT
    commands: Mapping[Verb, tuple[Attribute, ...]] = field(default_factory=dict)
    in_place: frozenset[Part] = IN_PLACE_NOT
    timestamp: bool = True

    def naming(self, verb: Verb) -> tuple[tuple[Name, ...], ...]:
        """The ways to name a session for this verb."""
        if verb is Verb.DISCONNECT and self.disconnect_names is not None:
            return self.disconnect_names
        return self.names

    def knows(self, verb: Verb, changed: frozenset[Part]) -> bool:
        """Whether this verb can bring `changed` about; for a reject nothing is `changed`."""
        if verb is Verb.CHANGE:
            return bool(changed) and changed <= self.in_place
        return verb is Verb.DISCONNECT or verb in self.commands
