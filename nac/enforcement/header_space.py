"""The flows that a list opens, as a set that can be compared: whatever the lines, equal sets are equal values.

A flow is (IP version, protocol number, destination address, destination port); protocols without ports have all of
them. A set is kept as disjoint boxes in the one way that `HeaderSpace.of` makes them, so that two lists open the same
exactly when their sets are equal.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from ipaddress import IPv4Address, IPv6Address
from itertools import pairwise
from typing import Final, TypeVar

from nac.enforcement.access_list import AccessLine
from nac.policy.model import Network

Interval = tuple[int, int]
"""First and last, both included."""

ICMP: Final = 1
TCP: Final = 6
UDP: Final = 17
ICMPV6: Final = 58

ANY_PROTOCOL: Final = (0, 255)
ANY_PORT: Final = (0, 65535)


@dataclass(frozen=True, slots=True, order=True)
class Box:
    """All flows of one IP version with a protocol, an address and a port from these intervals."""

    version: int
    protocols: Interval
    addresses: Interval
    ports: Interval

    @classmethod
    def to(cls, network: Network, protocol: int | None = None, ports: Interval = ANY_PORT) -> Box:
        """The flows to a network; `protocol` None for every protocol."""
        addresses = (int(network.network_address), int(network.broadcast_address))
        return cls(network.version, ANY_PROTOCOL if protocol is None else (protocol, protocol), addresses, ports)

    def __str__(self) -> str:
        address = IPv4Address if self.version == 4 else IPv6Address
        first, last = (address(one) for one in self.addresses)
        return f"protocol {_span(self.protocols)} to {first}-{last} port {_span(self.ports)}"


@dataclass(frozen=True, slots=True)
class FlowRule:
    """One line of a list: what it matches, and whether that may pass."""

    permits: bool
    box: Box


@dataclass(frozen=True, slots=True)
class HeaderSpace:
    """A set of flows. Make it with `of` or `of_lines`."""

    boxes: tuple[Box, ...]

    @classmethod
    def of(cls, rules: Sequence[FlowRule]) -> HeaderSpace:
        """What passes when the first rule that matches decides, and what no rule matches is dropped."""
        return cls(tuple(box for version in (4, 6) for box in _permitted(version, _of_version(rules, version))))

    @classmethod
    def of_lines(cls, lines: Iterable[AccessLine]) -> HeaderSpace:
        """What an access list opens."""
        return cls.of([flow_rule(line) for line in lines])

    def only(self, versions: Iterable[int]) -> HeaderSpace:
        """The flows of these IP versions."""
        kept = frozenset(versions)
        return HeaderSpace(tuple(box for box in self.boxes if box.version in kept))

    def __sub__(self, other: HeaderSpace) -> HeaderSpace:
        """The flows that are in this set and not in `other`."""
        denied = [FlowRule(permits=False, box=box) for box in other.boxes]
        return HeaderSpace.of([*denied, *(FlowRule(permits=True, box=box) for box in self.boxes)])

    def __str__(self) -> str:
        return "\n".join(map(str, self.boxes)) or "nothing"


def flow_rule(line: AccessLine) -> FlowRule:
    """A line of an access list; `icmp` is ICMPv6 where the destination is IPv6."""
    icmp = ICMP if line.destination.version == 4 else ICMPV6
    protocol = {"ip": None, "icmp": icmp, "tcp": TCP, "udp": UDP}[line.protocol]
    return FlowRule(line.action == "permit", Box.to(line.destination, protocol, line.ports or ANY_PORT))


def _of_version(rules: Sequence[FlowRule], version: int) -> list[FlowRule]:
    return [rule for rule in rules if rule.box.version == version]


What = TypeVar("What")

Column = tuple[tuple[Interval, tuple[Interval, ...]], ...]
"""For one protocol: intervals of addresses in order, each with the ports that are open there."""


def _permitted(version: int, rules: Sequence[FlowRule]) -> Iterator[Box]:
    """Cut by protocol, then by address; neighbours that are alike are joined, which makes the form unique."""
    columns = (
        (protocols, _column([rule for rule in rules if _covers(rule.box.protocols, protocols)]))
        for protocols in _cuts(rule.box.protocols for rule in rules)
    )
    for protocols, column in _joined(columns):
        for addresses, ports in column:
            for interval in ports:
                yield Box(version, protocols, addresses, interval)


def _column(rules: Sequence[FlowRule]) -> Column:
    cuts = _cuts(rule.box.addresses for rule in rules)
    here = ((cut, _open_ports([rule for rule in rules if _covers(rule.box.addresses, cut)])) for cut in cuts)
    return tuple((addresses, ports) for addresses, ports in _joined(here) if ports)


def _open_ports(rules: Sequence[FlowRule]) -> tuple[Interval, ...]:
    cuts = _cuts(rule.box.ports for rule in rules)
    first = ((cut, next(rule.permits for rule in rules if _covers(rule.box.ports, cut))) for cut in cuts)
    return tuple(ports for ports, permitted in _joined(first) if permitted)


def _cuts(intervals: Iterable[Interval]) -> list[Interval]:
    """The pieces between all ends of the intervals that lie in at least one of them."""
    given = set(intervals)
    edges = sorted({edge for first, last in given for edge in (first, last + 1)})
    covered = reduce(_union, sorted(given), list[Interval]())
    pieces = [(first, end - 1) for first, end in pairwise(edges)]
    return [piece for piece in pieces if any(_covers(one, piece) for one in covered)]


def _union(joined: list[Interval], following: Interval) -> list[Interval]:
    if joined and following[0] <= joined[-1][1] + 1:
        return [*joined[:-1], (joined[-1][0], max(joined[-1][1], following[1]))]
    return [*joined, following]


def _joined(pieces: Iterable[tuple[Interval, What]]) -> Iterator[tuple[Interval, What]]:
    """Neighbours that touch and are alike become one."""
    current: tuple[Interval, What] | None = None
    for (first, last), what in pieces:
        if current is not None and current[1] == what and current[0][1] + 1 == first:
            current = ((current[0][0], last), what)
            continue
        if current is not None:
            yield current
        current = ((first, last), what)
    if current is not None:
        yield current


def _covers(outer: Interval, inner: Interval) -> bool:
    return outer[0] <= inner[0] and inner[1] <= outer[1]


def _span(interval: Interval) -> str:
    first, last = interval
    return str(first) if first == last else f"{first}-{last}"
