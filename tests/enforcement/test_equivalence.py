"""One grant, many dialects: every dialect that sends lists opens exactly what the neutral access list opens.

Compared as header spaces: the flows that a reader of the dialect, written apart from its encoder (`lab.nas.dialects`),
makes of the octets, against the flows of the neutral lines. Where a dialect has no lines for IPv6, its ports block it.
"""

import random
from dataclasses import replace
from functools import cache
from ipaddress import IPv4Address, IPv6Address, ip_network
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from replies import CARRYING, NOWHERE, enforced, estate, granted_space, layout, layout_of_resources, split

import nac.policy
from lab.nas.dialects.received import LoginRefusedError
from nac.enforcement.access_list import AccessLine
from nac.enforcement.dictionary import shipped_dictionary
from nac.enforcement.layout import lay_out
from nac.enforcement.vendor import DIALECTS, Attribute
from nac.policy.compile import resources_in_order
from nac.policy.load import load
from nac.policy.model import Name, Policy, Port, Resource
from nac.policy.source import Source, Span

HERE = Span(Source("t", ""), 1, 1)
EXAMPLES = sorted((Path(nac.policy.__path__[0]) / "examples").iterdir())


@cache
def shipped(example: Path) -> Policy:
    return load(example).policy


def assert_opens_the_same(dialect: str, policy: Policy, granted: list[str]) -> bool:
    """False when the dialect refuses the grant, for a reason that it names."""
    resources = resources_in_order(policy)
    laid = layout(dialect, policy)
    if laid.unfit(policy.segments[0].name.text, granted) is not None:
        return False
    expected, found = granted_space(laid, resources, granted), enforced(laid, granted)
    assert found == expected, f"opens besides:\n{found - expected}\ncloses:\n{expected - found}"
    return True


@pytest.mark.parametrize("dialect", CARRYING)
def test_nothing_granted(dialect: str) -> None:
    assert assert_opens_the_same(dialect, estate(), [])


@pytest.mark.parametrize("dialect", CARRYING)
def test_each_pair_of_the_golden_estate(dialect: str) -> None:
    policy = estate()
    names = [resource.name.text for resource in policy.resources]
    pairs = [[one, other] for one, other in combinations(names, 2)]
    said = [assert_opens_the_same(dialect, policy, pair) for pair in pairs]
    assert sum(said) >= 10


@pytest.mark.parametrize("dialect", CARRYING)
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_grants_of_the_shipped_policies(example: Path, dialect: str) -> None:
    policy = shipped(example)
    names = [resource.name.text for resource in policy.resources]
    draw = random.Random(example.stem + dialect)
    for _ in range(12):
        assert_opens_the_same(dialect, policy, draw.sample(names, draw.randint(0, len(names))))
    assert assert_opens_the_same(dialect, policy, ["dns"])


@pytest.mark.parametrize("dialect", [name for name in CARRYING if name != "juniper-ex+ipv4"])
def test_everything_of_the_shipped_estate_fits(dialect: str) -> None:
    policy = shipped(next(path for path in EXAMPLES if path.stem == "ai-estate"))
    engineer = ("dns", "internet", "training-cluster", "model-registry", "pipelines", "tracking", "dev-cluster")
    assert assert_opens_the_same(dialect, policy, [*engineer, "print-server"])


addresses = st.one_of(
    st.builds(
        lambda a, p: ip_network((a, p), strict=False), st.integers(0, 2**32 - 1).map(IPv4Address), st.integers(0, 32)
    ),
    st.builds(
        lambda a, p: ip_network((a, p), strict=False), st.integers(0, 2**128 - 1).map(IPv6Address), st.integers(0, 128)
    ),
)
ranges = st.tuples(st.integers(0, 65535), st.sampled_from([0, 0, 1, 5, 63, 1000, 65535])).map(
    lambda pair: (pair[0], min(65535, pair[0] + pair[1]))
)
ports = st.one_of(
    st.just(Port("icmp", 0, 0)),
    st.builds(lambda protocol, span: Port(protocol, *span), st.sampled_from(("tcp", "udp")), ranges),
)


@st.composite
def resources(draw: st.DrawFn) -> list[Resource]:
    """Resources as `resources_in_order` gives them: internet last."""
    ordinary = [
        Resource(
            Name(f"r{index}", HERE),
            Name("other", HERE),
            tuple(draw(st.lists(addresses, min_size=1, max_size=3))),
            tuple(draw(st.lists(ports, max_size=3))),
        )
        for index in range(draw(st.integers(1, 3)))
    ]
    if not draw(st.booleans()):
        return ordinary
    return [
        *ordinary,
        Resource(Name("net", HERE), Name("internet", HERE), (), tuple(draw(st.lists(ports, max_size=2)))),
    ]


REFUSING = (
    "aos-cx+ipv4",
    "aos-cx+ipv6",
    "arubaos-switch+ipv6",
    "extreme-exos+ipv4",
    "fortiswitch+ipv4",
    "juniper-ex+ipv4",
)
"""Dialects whose limits are known to be the switch's own: it does not let a session on whose list is beyond."""


@pytest.mark.parametrize("dialect", CARRYING)
@given(resources())
@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
def test_random_resources(dialect: str, declared: list[Resource]) -> None:
    laid = layout_of_resources(dialect, declared)
    granted = [one.name.text for one in declared if one.name.text not in laid.refusals]
    limit = laid.unfit(NOWHERE, granted)
    if limit is None:
        expected, found = granted_space(laid, declared, granted), enforced(laid, granted)
        assert found == expected, f"opens besides:\n{found - expected}\ncloses:\n{expected - found}"
    elif dialect in REFUSING and "octets" not in limit:
        with pytest.raises(LoginRefusedError):
            enforced(laid, granted)


# --- the comparison sees what it must see ---


def without_ports(line: AccessLine) -> AccessLine:
    return replace(line, ports=None)


def twice_as_wide(line: AccessLine) -> AccessLine:
    return replace(line, destination=line.destination.supernet()) if line.destination.prefixlen > 1 else line


def of_the_other_protocol(line: AccessLine) -> AccessLine:
    other = {"tcp": "udp", "udp": "tcp"}.get(line.protocol, line.protocol)
    return replace(line, protocol=other)


def permitted(line: AccessLine) -> AccessLine:
    return replace(line, action="permit")


@pytest.mark.parametrize("dialect", CARRYING)
@pytest.mark.parametrize("mutate", [without_ports, twice_as_wide, of_the_other_protocol, permitted])
def test_an_encoder_that_widens_is_seen(dialect: str, mutate) -> None:
    right = DIALECTS[dialect]

    def wrong(line: AccessLine, number: int) -> Attribute:
        return right.lists.line(mutate(line), number)

    mutant = replace(right, lists=replace(right.lists, line=wrong))
    policy = estate()
    laid = lay_out(mutant, policy.segments, resources_in_order(policy), shipped_dictionary())
    granted = ["host"] if dialect.startswith("juniper") else ["host", "world"]
    try:
        found = enforced(laid, granted)
    except LoginRefusedError:
        return
    assert found != granted_space(laid, resources_in_order(policy), granted)


@pytest.mark.parametrize("dialect", CARRYING)
def test_an_encoder_that_drops_a_line_is_seen(dialect: str) -> None:
    """Every line of the internet's list, and the line of the host, taken away one by one."""
    policy = estate()
    laid = layout(dialect, policy)
    granted = ["host"] if dialect.startswith("juniper") else ["host", "world"]
    expected = granted_space(laid, resources_in_order(policy), granted)
    whole = split(laid.access_list(granted).encoded)
    first = len(laid.before.attributes)
    for missing in range(first, len(whole) - len(laid.after.attributes)):
        shorter = b"".join(one for index, one in enumerate(whole) if index != missing)
        assert enforced(laid, granted, shorter) != expected, whole[missing]
