"""What a grant opens on the wire: whether it reaches into another resource, and where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from nac.policy.model import Network, Port, Protocol, Resource

INTERNET = "internet"
"""The kind whose addresses are all that no other resource declares: it shares flows with nothing but its like."""


@dataclass(frozen=True, slots=True)
class Flow:
    """One destination that a session can send to. `address` is None for the internet, `protocol` for any."""

    address: IPv4Address | IPv6Address | None
    protocol: Protocol | None
    port: int | None

    def __str__(self) -> str:
        address = "the internet" if self.address is None else str(self.address)
        service = self.protocol or "any protocol"
        return f"{address} {service}" if self.port is None else f"{address} {service} {self.port}"


def shared_flow(granted: Resource, target: Resource) -> Flow | None:
    """A flow that the grant of the one opens into the other; None when they share none."""
    internets = [one.kind.text == INTERNET for one in (granted, target)]
    if any(internets) and not all(internets):
        return None
    service = _shared_service(granted.ports, target.ports)
    if service is None:
        return None
    if all(internets):
        return Flow(None, *service)
    addresses = (_shared_address(one, other) for one in granted.addresses for other in target.addresses)
    found = next((address for address in addresses if address is not None), None)
    return None if found is None else Flow(found, *service)


def _shared_address(one: Network, other: Network) -> IPv4Address | IPv6Address | None:
    if one.version != other.version or not one.overlaps(other):
        return None
    narrow = max(one, other, key=lambda network: network.prefixlen)
    return narrow.network_address + (1 if narrow.num_addresses > 2 else 0)


def _shared_service(one: Sequence[Port], other: Sequence[Port]) -> tuple[Protocol | None, int | None] | None:
    """A protocol and port that both open. No ports at all means every protocol."""
    if not one or not other:
        port = next(iter(one or other), None)
        return (port.protocol, _number(port, port.first)) if port else (None, None)
    for mine in one:
        for theirs in other:
            first = max(mine.first, theirs.first)
            if mine.protocol == theirs.protocol and first <= min(mine.last, theirs.last):
                return mine.protocol, _number(mine, first)
    return None


def _number(port: Port, first: int) -> int | None:
    return None if port.protocol == "icmp" else first
