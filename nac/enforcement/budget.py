"""What a switch and a RADIUS packet can carry, and whether a session's list fits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MAX_PACKET: Final = 4096
"""Octets of a RADIUS packet (RFC 2865 3)."""

_NOT_POLICY: Final = {
    "header": 20,
    "Message-Authenticator": 18,
    "EAP-Message with EAP-Success": 6,
    "MS-MPPE-Send-Key and MS-MPPE-Recv-Key": 2 * 58,
    "User-Name": 255,
    "Class": 255,
    "EAP-Key-Name": 67,
    "Session-Timeout and Termination-Action": 2 * 6,
    "four Proxy-State of 64 octets": 4 * 66,
}
"""The largest that everything else in an Access-Accept can be, in octets."""

RESERVED: Final = sum(_NOT_POLICY.values())

MAX_POLICY: Final = MAX_PACKET - RESERVED
"""Octets left for the attributes that a policy adds."""


@dataclass(frozen=True, slots=True)
class Budget:
    """Limits of one dialect for one session's list; None where its makers state none.

    `lines`: rules, or what the switch counts in their place, which `counted` names. `characters`: the sum of the
    values' text. `line_characters`: of one rule, at most what an attribute holds.
    """

    lines: int | None = None
    characters: int | None = None
    line_characters: int = 253
    counted: str = "lines"


@dataclass(frozen=True, slots=True)
class Extent:
    """What some part of a reply uses up: octets on the wire, lines as its `Budget` counts them, characters of text."""

    octets: int = 0
    lines: int = 0
    characters: int = 0

    def __add__(self, other: Extent) -> Extent:
        return Extent(self.octets + other.octets, self.lines + other.lines, self.characters + other.characters)

    def beyond(self, budget: Budget) -> str | None:
        """The first limit that is passed, in words; None when it fits."""
        if budget.lines is not None and self.lines > budget.lines:
            return f"{self.lines} {budget.counted}, but the switch takes {budget.lines}"
        if budget.characters is not None and self.characters > budget.characters:
            return f"{self.characters} characters, but the switch takes {budget.characters}"
        if self.octets > MAX_POLICY:
            return f"{self.octets} octets, but a RADIUS packet has room for {MAX_POLICY} (RFC 2865 3)"
        return None
