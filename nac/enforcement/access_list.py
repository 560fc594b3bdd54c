"""What a session may reach, in no vendor's words: lines that permit or deny a destination, first match decides.

The source is always the session's device, the direction always from the device. Every list is `BEFORE`, the lines of
each granted resource, `AFTER`. Nothing is open besides: DHCP and what IPv6 needs on its own link are in `BEFORE`, DNS
is a resource like any other and must be granted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Final, Literal

from netaddr import IPNetwork, cidr_merge  # type: ignore[import-untyped]

from nac.policy.model import Network, Port, Resource

Protocol = Literal["ip", "tcp", "udp", "icmp"]

ALL_IPV4: Final = IPv4Network("0.0.0.0/0")
ALL_IPV6: Final = IPv6Network("::/0")

GLOBAL_IPV6: Final = IPv6Network("2000::/3")
"""All global unicast addresses that IANA has given out come from here (RFC 4291 2.4)."""

NOT_INTERNET: Final[tuple[Network, ...]] = tuple(
    ip_network(prefix)
    for prefix in (
        "0.0.0.0/8",  # this network, RFC 791
        "10.0.0.0/8",  # private, RFC 1918
        "100.64.0.0/10",  # shared, RFC 6598
        "127.0.0.0/8",  # loopback, RFC 1122
        "169.254.0.0/16",  # link local, RFC 3927
        "172.16.0.0/12",  # private, RFC 1918
        "192.0.0.0/24",  # protocol assignments, RFC 6890
        "192.0.2.0/24",  # documentation, RFC 5737
        "192.88.99.0/24",  # 6to4 relays, RFC 7526
        "192.168.0.0/16",  # private, RFC 1918
        "198.18.0.0/15",  # benchmarks, RFC 2544
        "198.51.100.0/24",  # documentation, RFC 5737
        "203.0.113.0/24",  # documentation, RFC 5737
        "224.0.0.0/3",  # multicast and reserved, RFC 1112
        "2001::/23",  # protocol assignments and Teredo, RFC 2928, RFC 4380
        "2001:db8::/32",  # documentation, RFC 3849
        "2002::/16",  # 6to4, RFC 3056: carries any IPv4 address, private ones too
        "3fff::/20",  # documentation, RFC 9637
    )
)
"""Destinations in `ALL_IPV4` and `GLOBAL_IPV6` that are no part of the internet (IANA special-purpose registries)."""


@dataclass(frozen=True, slots=True)
class AccessLine:
    """One line. `ports` is None where every port is meant; `ip` means every protocol."""

    action: Literal["permit", "deny"]
    protocol: Protocol
    destination: Network
    ports: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        if self.ports is not None and self.protocol not in ("tcp", "udp"):
            raise ValueError(f"{self.protocol} has no ports")


BEFORE: Final = (
    AccessLine("permit", "udp", ALL_IPV4, (67, 67)),  # DHCP, RFC 2131
    AccessLine("permit", "udp", ALL_IPV6, (547, 547)),  # DHCPv6, RFC 8415
    AccessLine("permit", "icmp", IPv6Network("fe80::/10")),  # neighbour and router discovery, RFC 4861
    AccessLine("permit", "icmp", IPv6Network("ff02::/16")),  # the same, to link-local multicast groups
)
"""Stands before the lines of the resources in every list."""

AFTER: Final = (AccessLine("deny", "ip", ALL_IPV4), AccessLine("deny", "ip", ALL_IPV6))
"""Closes every list. Explicit, because what ends a list silently differs: an IPFilterRule list that ends in a deny line
lets everything else pass (RFC 6733 4.3.1).
"""


def lines_of(resource: Resource, others: Sequence[Resource]) -> list[AccessLine]:
    """The lines of one resource. `others`: all resources of the policy; the internet leaves their addresses out."""
    if resource.kind.text == "internet":
        return _internet(resource, others)
    return [
        AccessLine("permit", protocol, network, ports)
        for network in merged(resource.addresses)
        for protocol, ports in _services(resource.ports)
    ]


def _internet(resource: Resource, others: Sequence[Resource]) -> list[AccessLine]:
    """Denies what is private or declared as a resource, then permits the rest: right only as a list's last lines."""
    declared = [network for other in others if other.kind.text != "internet" for network in other.addresses]
    kept_out = merged([*NOT_INTERNET, *(one for one in declared if _is_public(one))])
    return [
        *(AccessLine("deny", "ip", network) for network in kept_out),
        *(
            AccessLine("permit", protocol, network, ports)
            for network in (ALL_IPV4, GLOBAL_IPV6)
            for protocol, ports in _services(resource.ports)
        ),
    ]


def _is_public(network: Network) -> bool:
    """False where no line is needed because the internet's own permits do not reach there."""
    return network.overlaps(ALL_IPV4) if isinstance(network, IPv4Network) else network.overlaps(GLOBAL_IPV6)


@cache
def _merged(networks: frozenset[Network]) -> tuple[Network, ...]:
    return tuple(ip_network(str(one)) for one in cidr_merge([IPNetwork(str(network)) for network in networks]))


def merged(networks: Iterable[Network]) -> tuple[Network, ...]:
    """The fewest prefixes that cover exactly these addresses; IPv4 first, each family in order."""
    return _merged(frozenset(networks))


def _services(ports: Sequence[Port]) -> list[tuple[Protocol, tuple[int, int] | None]]:
    """Protocols with their ports, ranges that touch joined; every protocol when there is none."""
    if not ports:
        return [("ip", None)]
    services: list[tuple[Protocol, tuple[int, int] | None]] = []
    for port in sorted(ports, key=lambda one: (("tcp", "udp", "icmp").index(one.protocol), one.first, one.last)):
        if port.protocol == "icmp":
            if ("icmp", None) not in services:
                services.append(("icmp", None))
            continue
        protocol, last = services[-1] if services else ("ip", None)
        if last is not None and protocol == port.protocol and port.first <= last[1] + 1:
            services[-1] = (port.protocol, (last[0], max(last[1], port.last)))
        else:
            services.append((port.protocol, (port.first, port.last)))
    return services
