"""What the neutral access list opens, flow by flow."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nac.enforcement.access_list import AFTER, BEFORE, AccessLine, lines_of, merged
from nac.policy.load import load
from nac.policy.model import Name, Network, Port, Resource
from nac.policy.source import Source, Span

HERE = Span(Source("t", ""), 1, 1)
ESTATE = Path(__file__).parents[1] / "vectors" / "enforcement" / "estate.policy"


def resource(addresses: Sequence[str], ports: Sequence[Port] = (), kind: str = "other") -> Resource:
    networks = tuple(ip_network(address) for address in addresses)
    return Resource(Name("r", HERE), Name(kind, HERE), networks, tuple(ports))


def permitted(lines: Sequence[AccessLine], address: str, protocol: str, port: int) -> bool:
    """First match, as a switch does it."""
    where = ip_address(address)
    for line in lines:
        same = line.protocol in ("ip", protocol) and where in line.destination
        if same and (line.ports is None or line.ports[0] <= port <= line.ports[1]):
            return line.action == "permit"
    return False


def listed(*names: str) -> list[AccessLine]:
    """The whole list of a session that is granted these resources of the golden estate."""
    policy = load(ESTATE).policy
    ordinary = [one for one in policy.resources if one.kind.text != "internet"]
    world = [one for one in policy.resources if one.kind.text == "internet"]
    granted = [one for one in (*ordinary, *world) if one.name.text in names]
    return [*BEFORE, *(line for one in granted for line in lines_of(one, policy.resources)), *AFTER]


FLOWS = [
    # granted, address, protocol, port, open?
    ("", "255.255.255.255", "udp", 67, True),
    ("", "ff02::1:2", "udp", 547, True),
    ("", "ff02::1:ff00:1", "icmp", 0, True),
    ("", "fe80::1", "icmp", 0, True),
    ("", "fe80::1", "tcp", 22, False),
    ("", "10.0.0.53", "udp", 53, False),
    ("", "93.184.216.34", "tcp", 443, False),
    ("host", "10.20.0.10", "tcp", 22, True),
    ("host", "10.20.0.10", "tcp", 23, False),
    ("host", "10.20.0.10", "udp", 22, False),
    ("host", "10.20.0.11", "tcp", 22, False),
    ("range", "10.23.0.20", "udp", 8031, True),
    ("range", "10.23.0.20", "udp", 8032, False),
    ("echo", "10.30.7.7", "icmp", 0, True),
    ("echo", "2001:db8:30::1", "icmp", 0, True),
    ("echo", "10.30.7.7", "tcp", 80, False),
    ("all", "10.22.0.1", "tcp", 1, True),
    ("all", "10.22.0.2", "tcp", 1, False),
    ("world", "93.184.216.34", "tcp", 443, True),
    ("world", "93.184.216.34", "tcp", 25, False),
    ("world", "93.184.216.34", "udp", 443, True),
    ("world", "2606:2800:220:1::1", "tcp", 443, True),
    ("world", "10.20.0.10", "tcp", 443, False),
    ("world", "172.31.255.255", "tcp", 443, False),
    ("world", "172.32.0.1", "tcp", 443, True),
    ("world", "192.168.1.1", "tcp", 443, False),
    ("world", "100.64.0.1", "tcp", 443, False),
    ("world", "169.254.169.254", "tcp", 80, False),
    ("world", "127.0.0.1", "tcp", 80, False),
    ("world", "239.1.1.1", "udp", 443, False),
    ("world", "255.255.255.255", "udp", 443, False),
    ("world", "fd00::1", "tcp", 443, False),
    ("world", "fe80::1", "tcp", 443, False),
    ("world", "::ffff:10.0.0.1", "tcp", 443, False),
    ("world", "64:ff9b::a00:1", "tcp", 443, False),
    ("world", "2002:a00:1::1", "tcp", 443, False),
    ("world", "2001:0:4136:e378::1", "tcp", 443, False),
    # A public address that is declared as a resource is no part of the internet; it needs its own grant.
    ("world", "51.15.0.7", "tcp", 443, False),
    ("world", "2a00:1:2::7", "tcp", 443, False),
    ("world public", "51.15.0.7", "tcp", 443, True),
    ("world public", "51.15.0.7", "tcp", 80, False),
    ("world public", "51.15.1.7", "tcp", 80, True),
]


@pytest.mark.parametrize(("granted", "address", "protocol", "port", "is_open"), FLOWS)
def test_flows(granted: str, address: str, protocol: str, port: int, is_open: bool) -> None:
    assert permitted(listed(*granted.split()), address, protocol, port) is is_open


networks = st.one_of(
    st.builds(
        lambda a, p: ip_network((a, p), strict=False), st.integers(0, 2**32 - 1).map(IPv4Address), st.integers(0, 32)
    ),
    st.builds(
        lambda a, p: ip_network((a, p), strict=False), st.integers(0, 2**128 - 1).map(IPv6Address), st.integers(0, 128)
    ),
)


@given(st.lists(networks, min_size=1, max_size=8))
@settings(deadline=None)
def test_merging_covers_exactly_the_same_addresses(addresses: list[Network]) -> None:
    result = merged(addresses)
    assert len(result) <= len(addresses)
    for edge in (edge for network in (*addresses, *result) for edge in (network[0], network[-1])):
        for address in (edge, *_neighbours(edge)):
            assert any(address in one for one in addresses) == any(address in one for one in result)


def _neighbours(address: IPv4Address | IPv6Address) -> list[IPv4Address | IPv6Address]:
    number, family = int(address), type(address)
    return [family(n) for n in (number - 1, number + 1) if 0 <= n < 2**address.max_prefixlen]


def test_ports_that_touch_are_joined() -> None:
    services = [Port("tcp", 8081, 8090), Port("tcp", 80, 80), Port("tcp", 8000, 8080), Port("udp", 8000, 8080)]
    lines = lines_of(resource(["10.0.0.1"], services), [])
    assert [(line.protocol, line.ports) for line in lines] == [
        ("tcp", (80, 80)),
        ("tcp", (8000, 8090)),
        ("udp", (8000, 8080)),
    ]


def test_icmp_has_no_ports() -> None:
    with pytest.raises(ValueError, match="icmp has no ports"):
        AccessLine("permit", "icmp", ip_network("10.0.0.1"), (1, 1))
