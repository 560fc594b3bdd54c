"""Lines rewritten for dialects that lack a word: the same flows, few lines, and a refusal instead of too many."""

from ipaddress import ip_network
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nac.enforcement.access_list import AccessLine
from nac.enforcement.express import LARGEST_BLOCK, MAX_SPLIT, InexpressibleError, express, port_prefixes
from nac.enforcement.vendor.dialect import IPV4, Attribute, Lists

SPAN = st.tuples(st.integers(0, 65535), st.integers(0, 65535)).map(lambda pair: (min(pair), max(pair)))


def lists(**settings: object) -> Lists:
    return Lists(line=lambda line, number: Attribute("Class", ""), **settings)


def tcp(*ports: int, to: str = "10.0.0.1") -> AccessLine:
    return AccessLine("permit", "tcp", ip_network(to), (ports[0], ports[-1]) if ports else None)


@given(SPAN)
def test_blocks_of_ports_cover_exactly_the_range(span: tuple[int, int]) -> None:
    blocks = list(port_prefixes(*span))
    assert len(blocks) <= 30
    assert blocks[0][0] == span[0]
    assert blocks[-1][1] == span[1]
    assert all(one[1] + 1 == other[0] for one, other in pairwise(blocks))
    for first, last in blocks:
        size = last - first + 1
        assert size & (size - 1) == 0, "a power of two"
        assert first % size == 0, "aligned"
        assert size <= LARGEST_BLOCK


def test_no_ranges() -> None:
    assert express([tcp(80, 82)], lists(ports="single")) == [tcp(80), tcp(81), tcp(82)]
    assert express([tcp(80, 82)], lists(ports="masks")) == [tcp(80, 81), tcp(82)]
    assert express([tcp(80, 82)], lists()) == [tcp(80, 82)]
    assert express([tcp()], lists(ports="single")) == [tcp()]


def test_a_range_too_wide_is_refused_and_not_widened() -> None:
    assert len(express([tcp(1000, 999 + MAX_SPLIT)], lists(ports="single"))) == MAX_SPLIT
    with pytest.raises(InexpressibleError, match=f"ports 1000-1064 would take 65 lines: .* {MAX_SPLIT} at most"):
        express([tcp(1000, 1000 + MAX_SPLIT)], lists(ports="single"))


def test_ipv6_is_left_out_only_where_the_ports_block_it() -> None:
    both = [tcp(80), tcp(80, to="2001:db8::1")]
    assert express(both, lists(families=IPV4)) == both[:1]
    assert express(both, lists()) == both


def test_everything_as_two_halves() -> None:
    halves = [tcp(80, to="0.0.0.0/1"), tcp(80, to="128.0.0.0/1")]
    assert express([tcp(80, to="0.0.0.0/0")], lists(whole_destination=False)) == halves
