"""What every dialect can say: a segment, and a line of an access list. Text only: `nac.enforcement.layout` encodes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from nac.enforcement.access_list import AccessLine
from nac.enforcement.budget import Budget
from nac.policy.model import Segment


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute before it is encoded: its name in the dictionaries and its value as text.

    `end`: what parts the value from the next attribute's on the wire; people are not shown it.
    """

    name: str
    value: str
    end: str = ""


class Dialect(Protocol):
    """One way of enforcing a decision."""

    @property
    def name(self) -> str:
        """As a RADIUS client's `dialect` names it."""

    @property
    def budget(self) -> Budget:
        """What a switch of this kind takes for one session."""

    @property
    def in_line(self) -> bool:
        """False when the switch takes no access list from the server: segments alone enforce."""

    def segment(self, segment: Segment) -> list[Attribute]:
        """The attributes that put a session in a segment."""

    def line(self, line: AccessLine, number: int) -> Attribute:
        """One line; `number` grows from line to line over the whole list. Only called when `in_line`."""


def vlan(segment: Segment) -> list[Attribute]:
    """The VLAN of RFC 3580 3.31, tag 0; nothing when the segment leaves the VLAN to the switch."""
    if segment.vlan is None:
        return []
    return [
        Attribute("Tunnel-Type", "VLAN"),
        Attribute("Tunnel-Medium-Type", "IEEE-802"),
        Attribute("Tunnel-Private-Group-Id", str(segment.vlan)),
    ]
