"""RADIUS clients whose prefixes lie within another's: the longest answers, which may surprise."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import ip_network

from nac.clients.store import ClientFields, Prefix


def nested(clients: Sequence[ClientFields]) -> Iterator[tuple[ClientFields, ClientFields]]:
    """(inner, outer) for each client whose prefix lies within another's; of several around it, the closest."""
    in_order = sorted(clients, key=lambda client: _key(ip_network(client["prefix"])))
    around: list[tuple[Prefix, ClientFields]] = []
    for client in in_order:
        prefix = ip_network(client["prefix"])
        while around and not _within(prefix, around[-1][0]):
            around.pop()
        if around:
            yield client, around[-1][1]
        around.append((prefix, client))


def _key(prefix: Prefix) -> tuple[int, int, int]:
    """A prefix comes before those within it, and those before whatever follows."""
    return prefix.version, int(prefix.network_address), prefix.prefixlen


def _within(inner: Prefix, outer: Prefix) -> bool:
    return inner.version == outer.version and int(inner.network_address) <= int(outer.broadcast_address)
