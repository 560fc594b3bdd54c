"""Header spaces against the flows one by one, and their one form."""

from ipaddress import IPv4Address, ip_network

from hypothesis import given, settings
from hypothesis import strategies as st

from nac.enforcement.access_list import AccessLine
from nac.enforcement.header_space import ANY_PORT, Box, FlowRule, HeaderSpace, flow_rule

intervals = st.tuples(st.integers(0, 7), st.integers(0, 7)).map(lambda pair: (min(pair), max(pair)))
boxes = st.builds(Box, st.sampled_from((4, 6)), intervals, intervals, intervals)
rules = st.lists(st.builds(FlowRule, st.booleans(), boxes), max_size=8)

Flow = tuple[int, int, int, int]
FLOWS = [(version, a, b, c) for version in (4, 6) for a in range(9) for b in range(9) for c in range(9)]


def holds(box: Box, flow: Flow) -> bool:
    version, protocol, address, port = flow
    inside = (box.protocols, protocol), (box.addresses, address), (box.ports, port)
    return box.version == version and all(first <= value <= last for (first, last), value in inside)


def first_match(listed: list[FlowRule], flow: Flow) -> bool:
    return next((rule.permits for rule in listed if holds(rule.box, flow)), False)


def flows(space: HeaderSpace) -> set[Flow]:
    found = [flow for box in space.boxes for flow in FLOWS if holds(box, flow)]
    assert len(found) == len(set(found)), "boxes overlap"
    return set(found)


@given(rules)
@settings(deadline=None, max_examples=60)
def test_a_space_is_what_first_match_lets_pass(listed: list[FlowRule]) -> None:
    assert flows(HeaderSpace.of(listed)) == {flow for flow in FLOWS if first_match(listed, flow)}


@given(rules, rules)
@settings(deadline=None, max_examples=60)
def test_equal_exactly_when_the_same_flows_pass(one: list[FlowRule], other: list[FlowRule]) -> None:
    first, second = HeaderSpace.of(one), HeaderSpace.of(other)
    assert (first == second) == (flows(first) == flows(second))
    assert flows(first - second) == flows(first) - flows(second)
    assert HeaderSpace.of([FlowRule(True, box) for box in reversed(first.boxes)]) == first


def test_the_same_opened_in_other_words() -> None:
    whole = [AccessLine("permit", "tcp", ip_network("10.0.0.0/24"), (80, 90))]
    pieces = [
        AccessLine("permit", "tcp", ip_network("10.0.0.128/25"), (80, 85)),
        AccessLine("permit", "tcp", ip_network("10.0.0.0/25"), (80, 90)),
        AccessLine("permit", "tcp", ip_network("10.0.0.128/25"), (84, 90)),
        AccessLine("deny", "tcp", ip_network("10.0.0.0/24")),
        AccessLine("permit", "tcp", ip_network("10.0.0.7"), (443, 443)),
    ]
    assert HeaderSpace.of_lines(whole) == HeaderSpace.of_lines(pieces)
    assert str(HeaderSpace.of_lines(whole)) == "protocol 6 to 10.0.0.0-10.0.0.255 port 80-90"


def test_icmp_is_another_protocol_in_each_ip_version() -> None:
    assert flow_rule(AccessLine("permit", "icmp", ip_network("10.0.0.0/8"))).box.protocols == (1, 1)
    assert flow_rule(AccessLine("permit", "icmp", ip_network("2001:db8::/32"))).box.protocols == (58, 58)
    every = flow_rule(AccessLine("deny", "ip", ip_network("10.0.0.1"))).box
    assert every == Box(4, (0, 255), (int(IPv4Address("10.0.0.1")),) * 2, ANY_PORT)
