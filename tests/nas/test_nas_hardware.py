"""What a simulated switch makes of an answer and of a change: flows, refusals, and what stays as it was."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address

import pytest

from lab.nas import makes, radius
from lab.nas.das import Das, Faults, Port
from lab.nas.flow_table import CLOSED, Flow
from lab.nas.hardware import Hardware
from lab.nas.makes import make_for
from nac.enforcement.vendor import DIALECTS

SECRET = b"correct horse battery staple"
MAC = "00-1B-77-00-00-01"
SSH = Flow(ip_address("10.0.0.1"), 6, 22)
WEB = Flow(ip_address("10.0.0.1"), 6, 443)
SIX = Flow(ip_address("2001:db8::1"), 6, 443)
REQUEST = radius.access_request([], 7, SECRET)

Attribute = tuple[int, bytes]
VLAN: tuple[Attribute, ...] = ((64, bytes([0, 0, 0, 13])), (65, bytes([0, 0, 0, 6])), (81, b"\x0040"))


def rule(text: str) -> Attribute:
    return radius.NAS_FILTER_RULE, text.encode()


def dynamic(action: str, destination: str = "10.0.0.1/32") -> Attribute:
    return radius.vendor(1916, 232, f"v:1 t:a m:ipproto=tcp,ipv4dst={destination},l4dstport=22/16 a:{action}")


ONLY_SSH = {
    "rfc4849": [rule("permit in tcp from any to 10.0.0.1 22\0"), rule("deny in ip from any to any")],
    "aos-cx+ipv4": [radius.vendor(14823, 51, "permit in tcp from any to 10.0.0.1 22")],
    "cisco-ios-xe+ipv4": [radius.vendor(9, 1, "ip:inacl#1=permit tcp any host 10.0.0.1 eq 22")],
    "ruckus-icx+ipv4": [(radius.FILTER_ID, b"permit tcp any 10.0.0.1 0.0.0.0 eq 22")],
}
"""In the words of makes that close what they do not name."""


def accept(*attributes: Attribute) -> bytes:
    return radius.answer(REQUEST, radius.ACCESS_ACCEPT, attributes, SECRET)


def admitted(dialect: str, *attributes: Attribute) -> Hardware:
    hardware = Hardware(dialect)
    assert hardware.admit(MAC, accept(*attributes)), hardware.refusals
    return hardware


@pytest.mark.parametrize("dialect", ONLY_SSH)
def test_a_table_can_be_asked(dialect: str) -> None:
    hardware = admitted(dialect, *VLAN, *ONLY_SSH[dialect])
    assert hardware.table(MAC).vlan == "40"
    assert [hardware.may_pass(MAC, flow) for flow in (SSH, WEB)] == [True, False]
    assert not hardware.may_pass(MAC, SIX) or dialect == "rfc4849", "the port blocks IPv6"
    assert not hardware.may_pass("00-1B-77-00-00-02", SSH), "nobody is there"
    hardware.end(MAC)
    assert hardware.table(MAC) is CLOSED


REFUSED: dict[str, tuple[str, Sequence[Attribute]]] = {
    "juniper: the filter costs the Access-Accept": (
        "juniper-ex+ipv4",
        [radius.vendor(2636, 48, "Match Source-ip 10.0.0.1 Action allow")],
    ),
    "fortiswitch: one error fails the list": (
        "fortiswitch+ipv4",
        [rule("permit in 6 from any to 10.0.0.1/32 22"), rule("permit in 6 from any to 10.0.0.2/32 22-")],
    ),
    "dell: two kinds make a reject": (
        "dell-n+ipv6",
        [radius.vendor(9, 1, "ip:inacl#1=permit ip any any"), (radius.FILTER_ID, b"known.in")],
    ),
    "mikrotik: not authenticated": ("mikrotik", [radius.vendor(14988, 30, "action allow")]),
    "hostapd: no VLAN": ("hostapd", []),
    "a VLAN of which a part is missing": ("vlan-only", [VLAN[0], VLAN[2]]),
    "a VLAN that is none": ("vlan-only", [*VLAN[:2], (81, b"4095")]),
}


@pytest.mark.parametrize("bad", REFUSED)
def test_a_bad_answer_does_not_open_the_port(bad: str) -> None:
    dialect, attributes = REFUSED[bad]
    hardware = Hardware(dialect)
    named = any(kind == 81 for kind, _ in attributes) or dialect == "hostapd"
    assert not hardware.admit(MAC, accept(*(() if named else VLAN), *attributes))
    assert hardware.table(MAC) is CLOSED
    assert hardware.refusals[MAC]


def test_a_bad_answer_closes_what_was_open() -> None:
    hardware = admitted("rfc4849", *VLAN)
    assert hardware.may_pass(MAC, WEB)
    assert not hardware.admit(MAC, accept(*VLAN, rule("permit everything")))
    assert not hardware.may_pass(MAC, WEB)


def das(dialect: str, *attributes: Attribute, **faults: bool) -> Das:
    """With one open session, whose changes come at once."""
    made = Das(make_for(dialect), SECRET, faults=Faults(**faults), enforcement=admitted(dialect, *attributes))
    made.ports.append(Port(MAC, "00000001", lambda: True))
    return made


def asked(switch: Das, *attributes: Attribute) -> tuple[int, int | None]:
    """A CoA-Request for the session: code and Error-Cause of the answer, with its effect."""
    body = radius.encode([(radius.CALLING_STATION_ID, MAC.encode()), *attributes])
    head = bytes([radius.COA_REQUEST, 9]) + (20 + len(body)).to_bytes(2, "big")
    octets = radius.signed(head, body, SECRET)
    reply = switch._answer(octets, ("127.0.0.1", 1))
    assert reply is not None
    while switch._due:
        switch._effect(*switch._due.pop())
    causes = [int.from_bytes(value, "big") for kind, value in radius.decode(reply) if kind == radius.ERROR_CAUSE]
    return reply[0], causes[0] if causes else None


ACK, NAK = 44, 45


@pytest.mark.parametrize("dialect", ["rfc4849", "aos-cx+ipv4", "ruckus-icx+ipv4"])
def test_a_change_replaces_the_list_and_leaves_the_vlan(dialect: str) -> None:
    switch = das(dialect, *VLAN)
    hardware = switch.enforcement
    assert isinstance(hardware, Hardware)
    assert hardware.may_pass(MAC, WEB)
    assert asked(switch, *ONLY_SSH[dialect]) == (ACK, None)
    assert [hardware.may_pass(MAC, flow) for flow in (SSH, WEB)] == [True, False]
    assert hardware.table(MAC).vlan == "40"


def test_a_changed_vlan_leaves_the_list() -> None:
    switch = das("rfc4849", *VLAN, *ONLY_SSH["rfc4849"])
    assert asked(switch, *VLAN[:2], (81, b"\x0066")) == (ACK, None)
    assert isinstance(switch.enforcement, Hardware)
    table = switch.enforcement.table(MAC)
    assert (table.vlan, table.may_pass(SSH), table.may_pass(WEB)) == ("66", True, False)


NAKS: dict[str, tuple[str, Sequence[Attribute], Sequence[Attribute], int]] = {
    "a list that cannot be read": ("rfc4849", ONLY_SSH["rfc4849"], [rule("permit everything")], makes.INVALID_VALUE),
    "icx: an attribute too many": (
        "ruckus-icx+ipv4",
        ONLY_SSH["ruckus-icx+ipv4"],
        [(radius.FILTER_ID, b"permit ip any 0.0.0.0 255.255.255.255"), (radius.EVENT_TIMESTAMP, bytes(4))],
        makes.UNSUPPORTED_ATTRIBUTE,
    ),
    "hostapd: nothing but names": ("hostapd", VLAN, [*VLAN], makes.UNSUPPORTED_ATTRIBUTE),
    "juniper: no filter in a change": (
        "juniper-ex+ipv4",
        [],
        [radius.vendor(2636, 48, "Match Destination-ip 0.0.0.0/0 Action allow")],
        makes.UNSUPPORTED_SERVICE,
    ),
    "extreme: one rule in a change": (
        "extreme-exos+ipv4",
        [dynamic("fwd")],
        [dynamic("fwd", "10.0.0.2/32"), dynamic("drop")],
        makes.INVALID_VALUE,
    ),
}


@pytest.mark.parametrize("bad", NAKS)
def test_what_a_make_does_not_take_changes_nothing(bad: str) -> None:
    dialect, before, change, cause = NAKS[bad]
    switch = das(dialect, *before)
    assert isinstance(switch.enforcement, Hardware)
    table = switch.enforcement.table(MAC)
    assert asked(switch, *change) == (NAK, cause)
    assert switch.enforcement.table(MAC) == table


def test_a_session_with_a_role_takes_no_rules() -> None:
    """AOS-CX: mixing is answered with a NAK."""
    hardware = Hardware("aos-cx+ipv4", lists={"staff": admitted("rfc4849").table(MAC).rules})
    assert hardware.admit(MAC, accept(*VLAN, radius.vendor(14823, 1, "staff")))
    assert hardware.refuses(MAC, ONLY_SSH["aos-cx+ipv4"]) == makes.INVALID_VALUE


def test_an_added_rule_stands_beside_those_in_force() -> None:
    """Extreme: adding does not take away, so a change in place cannot narrow."""
    switch = das("extreme-exos+ipv4", dynamic("fwd"), radius.vendor(1916, 232, "v:1 t:a m:ipv4dst=0.0.0.0/1 a:drop"))
    assert asked(switch, dynamic("drop")) == (ACK, None)
    assert isinstance(switch.enforcement, Hardware)
    assert switch.enforcement.may_pass(MAC, SSH)


def test_every_dialect_has_a_make_and_reads_an_answer() -> None:
    for dialect in DIALECTS:
        assert make_for(dialect)
        assert admitted(dialect, *VLAN).table(MAC).vlan == "40"
