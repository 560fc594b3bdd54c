"""What an access list on the wire opens: an evaluator of its own, that shares no code with the compiler.

Each line is an IPFilterRule (RFC 4849, RFC 6733 4.3.1); the first that matches a flow decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from nac.policy.model import Resource

_RULE = re.compile(r"(permit|deny) in (\S+) from any to (\S+)(?: (\d+)(?:-(\d+))?)?")
_PUBLIC = (ip_address("1.1.1.1"), ip_address("2606:4700:4700::1111"))
"""Addresses that stand for the internet."""


@dataclass(frozen=True)
class Flow:
    """One connection that somebody may try. `port` is 0 for protocols without."""

    protocol: str
    address: IPv4Address | IPv6Address
    port: int


@dataclass(frozen=True)
class Rule:
    """One line: `text` as it came."""

    text: str
    permits: bool
    protocol: str
    destination: str
    ports: range | None

    @classmethod
    def parse(cls, text: str) -> Rule:
        """Raises `ValueError` for what is not a rule of this form."""
        match = _RULE.fullmatch(text)
        if match is None:
            raise ValueError(f"not understood: {text!r}")
        action, protocol, destination, first, last = match.groups()
        ports = range(int(first), int(last or first) + 1) if first else None
        return cls(text, action == "permit", protocol, destination, ports)

    def matches(self, flow: Flow) -> bool:
        """True when this line decides about the flow."""
        return (
            self.protocol in ("ip", flow.protocol)
            and flow.address in ip_network(self.destination)
            and (self.ports is None or flow.port in self.ports)
        )


@dataclass(frozen=True)
class Opened:
    """A resource that can be reached, and the lines that open it."""

    resource: str
    lines: list[Rule]


def opened(rules: Sequence[Rule], resources: Sequence[Resource]) -> list[Opened]:
    """The resources of which at least one flow is permitted; nothing matched is a deny."""
    found = []
    for resource in resources:
        lines = [line for flow in flows(resource) if (line := _decides(rules, flow)) is not None and line.permits]
        if lines:
            found.append(Opened(resource.name.text, list(dict.fromkeys(lines))))
    return found


def flows(resource: Resource) -> Iterator[Flow]:
    """One flow for each address and each port of a resource."""
    addresses = [network.network_address for network in resource.addresses] or list(_PUBLIC)
    for address in addresses:
        for port in resource.ports:
            yield Flow(port.protocol, address, port.first)
        if not resource.ports:
            yield Flow("tcp", address, 9)


def _decides(rules: Sequence[Rule], flow: Flow) -> Rule | None:
    return next((rule for rule in rules if rule.matches(flow)), None)
