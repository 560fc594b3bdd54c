"""What does not fit a switch is said before it is sent: which resource, which limit."""

from ipaddress import ip_network

import pytest
from replies import NOWHERE, estate, layout, layout_of_resources

from nac.enforcement.access_list import NOT_INTERNET
from nac.enforcement.vendor import DIALECTS
from nac.policy.model import Name, Port, Resource
from nac.policy.source import Source, Span

HERE = Span(Source("t", ""), 1, 1)


def resource(name: str, *addresses: str, ports: tuple[Port, ...] = (), kind: str = "other") -> Resource:
    return Resource(Name(name, HERE), Name(kind, HERE), tuple(map(ip_network, addresses)), ports)


def unfit(dialect: str, *resources: Resource) -> str | None:
    return layout_of_resources(dialect, resources).unfit(NOWHERE, [one.name.text for one in resources])


MANY = resource("many", *(f"10.0.{2 * n}.0/24" for n in range(44)))

LIMITS = [
    ("fortiswitch+ipv4", MANY, "46 lines, but the switch takes 45"),
    ("rfc4849", MANY, None),
    (
        "juniper-ex+ipv4",
        resource("seven", *(f"10.0.{2 * n}.1" for n in range(7)), ports=(Port("tcp", 22, 22),)),
        "24 conditions, but the switch takes 20",
    ),
    (
        "extreme-exos+ipv4",
        resource("hosts", *(f"10.0.0.{2 * n}" for n in range(61))),
        "65 lines, but the switch takes 64",
    ),
    (
        "aos-cx+ipv4",
        resource("wide", "10.0.0.1", ports=(Port("tcp", 1, 65),)),
        "`wide`: ports 1-65 would take 65 lines: it has no ranges, and one line may become 64 at most",
    ),
    (
        "cisco-ios-xe+ipv6",
        resource("characters", *(f"2001:db8:{n:x}:ffff:ffff:ffff:ffff:1" for n in range(0, 130, 2))),
        "characters, but the switch takes 4000",
    ),
    (
        "rfc4849",
        resource("octets", *(f"2001:db8:{n:x}:ffff:ffff:ffff:ffff:1" for n in range(0, 130, 2))),
        "octets, but a RADIUS packet has room for",
    ),
    (
        "cisco-dacl+ipv4",
        resource("page", *(f"10.{n}.0.1" for n in range(200))),
        None,
    ),
    (
        "cisco-dacl+ipv4",
        resource("pages", *(f"10.{n // 100}.{n % 100}.1" for n in range(400))),
        "402 lines, but the switch takes 384",
    ),
]


@pytest.mark.parametrize(
    ("dialect", "granted", "limit"), LIMITS, ids=[f"{dialect} {one.name.text}" for dialect, one, _ in LIMITS]
)
def test_limit(dialect: str, granted: Resource, limit: str | None) -> None:
    found = unfit(dialect, granted)
    assert found is None if limit is None else limit in (found or "")


def test_two_equal_lines_are_refused_where_they_fail_the_list() -> None:
    """The second resource has no lines there at all: the data plane cannot send what might stand twice."""
    one, other = resource("one", "10.0.0.1"), resource("other", "10.0.0.1", "10.0.0.9")
    laid = layout_of_resources("fortiswitch+ipv4", [one, other])
    line = "permit in ip from any to 10.0.0.1/32"
    assert laid.unfit(NOWHERE, ["one"]) is None
    assert laid.resources["other"] is None
    assert laid.unfit(NOWHERE, ["other"]) == f"`other`: its line `{line}` is one of `one`; two equal may fail there"
    assert unfit("rfc4849", one, other) is None


def test_a_line_that_every_list_has_is_not_repeated_either() -> None:
    everything, world = resource("everything", "0.0.0.0/0"), resource("world", kind="internet")
    found = unfit("fortiswitch+ipv4", everything, world)
    assert found == "`world`: its line `deny in ip from any to any` is one of every list; two equal may fail there"


@pytest.mark.parametrize("name", [name for name, dialect in DIALECTS.items() if dialect.lists])
def test_dhcp_and_the_final_deny_fit_everywhere(name: str) -> None:
    laid = layout(name, estate())
    assert all(laid.unfit(segment, []) is None for segment in laid.segments)


def test_the_internet_takes_as_few_lines_as_its_exceptions_have() -> None:
    """Each exception is a line of its own: no two can be joined without opening or closing something else."""
    laid = layout_of_resources("fortiswitch+ipv4", [resource("world", kind="internet")])
    exceptions = [network for network in NOT_INTERNET if network.version == 4]
    assert laid.resources["world"].extent.lines == len(exceptions) + 1
    assert laid.extent(NOWHERE, ["world"]).lines <= 18
    assert max(len(attribute.value) for attribute in laid.access_list(["world"]).attributes) <= 80


def test_plain_names_send_no_list() -> None:
    plain = [dialect for name, dialect in DIALECTS.items() if "+" not in name and name != "rfc4849"]
    assert not any(dialect.in_line for dialect in plain)
    assert all(dialect.in_line for name, dialect in DIALECTS.items() if "+" in name)
