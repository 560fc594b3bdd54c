"""What a simulated switch lets one session do: its VLAN, and which flows pass."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Final

from nac.enforcement.header_space import Box, FlowRule, HeaderSpace


@dataclass(frozen=True, slots=True)
class Flow:
    """Towards one address. `protocol`: its number (IANA); `port` counts for TCP and UDP alone."""

    destination: IPv4Address | IPv6Address
    protocol: int
    port: int = 0


@dataclass(frozen=True, slots=True)
class FlowTable:
    """`vlan` as the server wrote it, None for the port's own. The first rule that matches decides, what none matches is
    dropped."""

    vlan: str | None
    rules: tuple[FlowRule, ...]

    def may_pass(self, flow: Flow) -> bool:
        """Whether packets of this flow leave the port."""
        return next((rule.permits for rule in self.rules if _matches(rule.box, flow)), False)

    @property
    def space(self) -> HeaderSpace:
        """Every flow that passes."""
        return HeaderSpace.of(self.rules)


CLOSED: Final = FlowTable(None, ())
"""Of a port without a session."""


def _matches(box: Box, flow: Flow) -> bool:
    if box.version != flow.destination.version:
        return False
    spans = ((box.protocols, flow.protocol), (box.addresses, int(flow.destination)), (box.ports, flow.port))
    return all(first <= value <= last for (first, last), value in spans)
