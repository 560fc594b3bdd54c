"""Rewrites the lines of an access list into those that a dialect has words for, without changing what they open.

    a range of ports    -> single ports, or ports with a mask, where the dialect has no ranges; at most `MAX_SPLIT`
    every address       -> its two halves, where a destination must have a prefix
    a line for IPv6     -> left out, where IPv6 is blocked on the switch's ports (dialects `NAME+ipv4`)

A line becomes lines of the same action, so their order among each other means nothing. What has no words is an
`InexpressibleError`: never a wider line, and never no line.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from nac.enforcement.access_list import AccessLine
from nac.enforcement.vendor.dialect import Lists
from nac.policy.model import Network

MAX_SPLIT: Final = 64
"""Lines that one line may become."""

LARGEST_BLOCK: Final = 1 << 15
"""Ports that one mask covers at most: a mask has at least one bit."""


class InexpressibleError(ValueError):
    """A line has no words in a dialect; the text says what would be needed."""


def express(lines: Sequence[AccessLine], lists: Lists) -> list[AccessLine]:
    """The same list in lines that `lists` can write. Raises `InexpressibleError`."""
    return [
        replace(line, destination=destination, ports=ports)
        for line in lines
        if line.destination.version in lists.families
        for destination in _destinations(line, lists)
        for ports in _ports(line, lists)
    ]


def _destinations(line: AccessLine, lists: Lists) -> Sequence[Network]:
    if line.destination.prefixlen == 0 and not lists.whole_destination:
        return list(line.destination.subnets())
    return [line.destination]


def _ports(line: AccessLine, lists: Lists) -> list[tuple[int, int] | None]:
    if line.ports is None or lists.ports == "ranges":
        return [line.ports]
    first, last = line.ports
    if lists.ports == "masks":
        return list(port_prefixes(first, last))
    if last - first >= MAX_SPLIT:
        raise InexpressibleError(
            f"ports {first}-{last} would take {last - first + 1} lines: it has no ranges, and one line may become "
            f"{MAX_SPLIT} at most"
        )
    return [(port, port) for port in range(first, last + 1)]


def port_prefixes(first: int, last: int) -> Iterator[tuple[int, int]]:
    """The fewest aligned blocks of ports, powers of two in size, that cover exactly `first` to `last`; at most 30."""
    while first <= last:
        size = min(first & -first or LARGEST_BLOCK, LARGEST_BLOCK)
        while size > last - first + 1:
            size >>= 1
        yield first, first + size - 1
        first += size
