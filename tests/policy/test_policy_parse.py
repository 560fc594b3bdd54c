"""What a policy text means, part by part."""

from datetime import date
from ipaddress import ip_network

import pytest

from nac.policy.model import All, Any, Comparison, During, Forbid, Never, Not, Only, PersonaReference, Policy, Port
from nac.policy.parse import parse
from nac.policy.resolve import resolve
from nac.policy.source import Source


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
        case During(schedule):
            return ("during", schedule.text)
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


def test_lists_schedules_and_sites() -> None:
    policy = parsed(
        """
        list groups { "a", "b" }
        schedule shifts { zone "Europe/Berlin" mon-fri 08:00-18:00, 22:00-06:00 sat, sun 10:00-24:00
                          except 2026-12-25, 2027-01-01 }
        site berlin { region eu client "ber-*", "wlc-1" }
        """
    )
    assert (policy.lists[0].name.text, policy.lists[0].values) == ("groups", ("a", "b"))
    (schedule,) = policy.schedules
    assert schedule.zone.text == "Europe/Berlin"
    assert [(sorted(one.days), one.start, one.end) for one in schedule.windows] == [
        ([0, 1, 2, 3, 4], 480, 1080),
        ([0, 1, 2, 3, 4], 1320, 360),
        ([5, 6], 600, 1440),
    ]
    assert schedule.excepted == {date(2026, 12, 25), date(2027, 1, 1)}
    (site,) = policy.sites
    assert site.region is not None
    assert (site.region.text, [one.text for one in site.clients]) == ("eu", ["ber-*", "wlc-1"])


def test_everything_about_a_segment() -> None:
    (segment,) = parsed(
        'segment s { vlan 120 at berlin 121, paris "ML" role "ml" sgt 16 environment dev fallback q }'
    ).segments
    assert (segment.vlan, segment.role, segment.sgt, segment.environment) == (120, "ml", 16, "dev")
    assert [(site.text, vlan) for site, vlan in segment.site_vlans] == [("berlin", 121), ("paris", "ML")]
    assert segment.fallback is not None
    assert segment.fallback.text == "q"


def test_several_members_are_written_out() -> None:
    policy = parsed(
        """
        list l { "c", "d", "C" }
        reject when user.groups has any ("a", "b") and user.groups has all ("a", "b") and user.groups has any list l
                    and user.name in list l and device.tags has any ("a") and during s
        """
    )
    resolved, problems = resolve(policy)
    assert problems == []
    assert shape(resolved.rules[0].condition) == (
        "and",
        ("or", ("user.groups", "has", "a"), ("user.groups", "has", "b")),
        ("and", ("user.groups", "has", "a"), ("user.groups", "has", "b")),
        ("or", ("user.groups", "has", "c"), ("user.groups", "has", "d"), ("user.groups", "has", "C")),
        ("user.name", "in", ("c", "d", "C")),
        ("device.tags", "has", "a"),
        ("during", "s"),
    )


def test_mac_addresses_of_a_list_too() -> None:
    resolved, _ = resolve(parsed('list l { "0011.22aa.bbcc", "00-11-22-AA-BB-CC" } reject when mac in list l'))
    assert shape(resolved.rules[0].condition) == ("mac", "in", ("00-11-22-AA-BB-CC",))


LABELLED = """
resource a     { kind dataset  address 10.0.0.1  stage ingest  environment prod  residency eu  owner "Data" }
resource b     { kind dataset  address 10.0.0.2  stage train  environment test  residency EU }
resource stage { kind mlops    address 10.0.0.3  residency us }
resource world { kind internet }
"""


@pytest.mark.parametrize(
    ("selectors", "names"),
    [
        ("a", ["a"]),
        ("kind dataset", ["a", "b"]),
        ("kind dataset and stage train", ["b"]),
        ("stage", ["stage"]),
        ("stage, stage ingest", ["stage", "a"]),
        ("environment test, a", ["b", "a"]),
        ('owner "data"', ["a"]),
        ("residency eu", ["a", "b"]),
        ("everything", ["a", "b", "stage", "world"]),
        ("b, kind dataset", ["b", "a"]),
    ],
)
def test_selectors(selectors: str, names: list[str]) -> None:
    resolved, problems = resolve(parsed(f'{LABELLED}forbid {selectors}\ntest "t" {{ expect reject }}'))
    assert problems == []
    (rule,) = resolved.rules
    assert isinstance(rule, Forbid)
    assert [name.text for name in rule.resources] == names


def test_residency_outside_is_a_rule_for_each_region() -> None:
    resolved, problems = resolve(
        parsed(f'{LABELLED}forbid world, residency outside client.region when ssid = "x" mode monitor')
    )
    assert problems == []
    found = [
        ([name.text for name in rule.resources], shape(rule.condition), rule.monitor)
        for rule in resolved.rules
        if isinstance(rule, Forbid)
    ]
    asked = ("ssid", "=", "x")
    assert found == [
        (["world"], asked, True),
        (["a", "b"], ("and", asked, ("not", ("client.region", "=", "eu"))), True),
        (["stage"], ("and", asked, ("not", ("client.region", "=", "us"))), True),
    ]


def test_invariants() -> None:
    policy = parsed(
        """
        never persona p reaches stage ingest, a when during s
        never environment dev reaches environment prod
        only segment s reaches everything
        never anyone reaches a
        """
    )
    assert [(type(one), one.subject.kind, one.subject.name and one.subject.name.text) for one in policy.invariants] == [
        (Never, "persona", "p"),
        (Never, "environment", "dev"),
        (Only, "segment", "s"),
        (Never, "anyone", None),
    ]


def test_a_moment_is_its_unix_seconds() -> None:
    (rule,) = parsed('reject when time >= "2026-03-29T02:30+01:00" and time < 1774747801').rules
    assert shape(rule.condition) == ("and", ("time", ">=", 1774747800), ("time", "<", 1774747801))
