"""What a policy text means, part by part, and that no text makes the reader fail in an unforeseen way."""

from contextlib import suppress
from ipaddress import ip_network
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

import nac.policy
from nac.errors import PolicyError
from nac.policy.load import read
from nac.policy.model import All, Any, Comparison, Not, PersonaReference, Policy, Port
from nac.policy.parse import parse
from nac.policy.source import Source

EXAMPLE = (Path(nac.policy.__path__[0]) / "examples" / "ai-estate.policy").read_text()


def parsed(text: str) -> Policy:
    policy, problems = parse([Source("a.policy", text)])
    assert [problem.render() for problem in problems] == []
    return policy


def shape(condition: object) -> object:
    """A condition without its places."""
    match condition:
        case Comparison(fact, operator, value):
            return (fact.text, operator, value)
        case PersonaReference(name):
            return name.text
        case Not(part):
            return ("not", shape(part))
        case All(parts):
            return ("and", *map(shape, parts))
        case Any(parts):
            return ("or", *map(shape, parts))
    raise AssertionError(condition)


def test_a_resource() -> None:
    (resource,) = parsed(
        """
        resource training { kind gpu-cluster  # comment
          address 10.20.0.0/24, 2001:db8::/64   port tcp 22, udp 8000-8100, icmp
          owner "ML \\"platform\\""  stage train environment prod sensitivity high residency eu }
        """
    ).resources
    assert (resource.name.text, resource.kind.text) == ("training", "gpu-cluster")
    assert resource.addresses == (ip_network("10.20.0.0/24"), ip_network("2001:db8::/64"))
    assert resource.ports == (Port("tcp", 22, 22), Port("udp", 8000, 8100), Port("icmp", 0, 0))
    assert dict(resource.labels) == {
        "owner": 'ML "platform"',
        "stage": "train",
        "environment": "prod",
        "sensitivity": "high",
        "residency": "eu",
    }


def test_segments() -> None:
    numbered, named = parsed('segment a { vlan 120 session 8h filter-id "x" } segment b { vlan "printers" }').segments
    assert (numbered.vlan, numbered.session, numbered.filter_id) == (120, 28800, "x")
    assert (named.vlan, named.session, named.filter_id) == ("printers", None, None)


def test_and_binds_closer_than_or_and_not_closest() -> None:
    (rule,) = parsed(
        'reject when not device.managed and ssid = "a" or persona p and (ssid in ("b", "c") or mac.oui matches "00*")'
    ).rules
    assert shape(rule.condition) == (
        "or",
        ("and", ("not", ("device.managed", "=", True)), ("ssid", "=", "a")),
        ("and", "p", ("or", ("ssid", "in", ("b", "c")), ("mac.oui", "matches", "00*"))),
    )


def test_the_label_is_the_statement_on_one_line() -> None:
    (rule,) = parsed('reject "no\\"pe"   # why\n   when (certificate.days_left<=7)\n').rules
    assert rule.label == 'reject "no\\"pe" when (certificate.days_left<=7)'
    assert rule.span.location == "a.policy:1"


def test_mac_addresses_in_any_notation() -> None:
    (rule,) = parsed('reject when mac in ("0011.22aa.bbcc", "00:11:22:AA:BB:CD")').rules
    assert shape(rule.condition) == ("mac", "in", ("00-11-22-AA-BB-CC", "00-11-22-AA-BB-CD"))


def test_members_of_a_set_add_up_in_a_test() -> None:
    (test,) = parsed(
        'test "t" { given user.groups has "a", user.groups has "b", not device.known expect reject }'
    ).tests
    assert {one.fact.text: one.value for one in test.given} == {"user.groups": ("a", "b"), "device.known": False}


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=200))
@settings(max_examples=200)
def test_any_text_is_read_or_refused(text: str) -> None:
    read_or_refuse(text)


@given(st.data())
@settings(max_examples=200)
def test_a_damaged_policy_is_read_or_refused(data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(EXAMPLE)))
    length = data.draw(st.integers(0, 40))
    filler = data.draw(
        st.sampled_from(["", '"', "{", "}", "when ", "not ", "(", ", ", "\n", "resource x ", "\x00", "é"])
    )
    read_or_refuse(EXAMPLE[:start] + filler + EXAMPLE[start + length :])


def test_deep_nesting_is_refused_not_overflowed() -> None:
    read_or_refuse("reject when " + "not " * 100_000 + "device.known")
    read_or_refuse("reject when " + "(" * 100_000)
    chain = "".join(f"persona p{i} when not persona p{i + 1}\n" for i in range(5000))
    read_or_refuse(chain + "persona p5000 when device.known\nreject when persona p0")
    doubling = "".join(f"persona p{i} when persona p{i + 1} and persona p{i + 1}\n" for i in range(60))
    read_or_refuse(doubling + "persona p60 when device.known\nreject when persona p0")


def read_or_refuse(text: str) -> None:
    with suppress(PolicyError):
        read([Source("a.policy", text)])
