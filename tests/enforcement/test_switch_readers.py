"""The readers of `lab.nas.dialects` refuse what the switches refuse, and leave open what the switches leave open."""

from ipaddress import ip_network

import pytest

from lab.nas.dialects import rules
from lab.nas.dialects.received import Attribute, LoginRefusedError
from nac.enforcement.header_space import Box, FlowRule, HeaderSpace

PERMIT = "permit in 6 from any to 10.0.0.1/32 22"
TERM = "Match Ip-protocol 6, Destination-ip 10.0.0.1, Destination-port 22 Action allow"
DYNAMIC = "v:1 t:a m:ipproto=tcp,ipv4dst=10.0.0.1/32,l4dstport=22/16 a:fwd"
SSH = "ip:inacl#{}=permit tcp any host 10.0.0.1 eq 22"


def sent(name: str, *values: str) -> list[Attribute]:
    return [(name, value.encode()) for value in values]


def nas(*values: str) -> list[Attribute]:
    return sent("NAS-Filter-Rule", *values)


def pair(*values: str) -> list[Attribute]:
    return sent("Cisco-AVPair", *values)


def juniper(*values: str) -> list[Attribute]:
    return sent("Juniper-Switching-Filter", *values)


def extreme(*values: str) -> list[Attribute]:
    return sent("Extreme-EXOS-Dynamic-ACL", *values)


ON_SWITCH = {"known": [FlowRule(permits=True, box=Box.to(ip_network("10.0.0.1"), 6, (22, 22)))]}


def space(dialect: str, attributes: list[Attribute]) -> HeaderSpace:
    downloads = {"#ACSACL#-IP-nac-1": pair(SSH.format(1))}
    return HeaderSpace.of(rules(dialect, attributes, downloads.__getitem__, ON_SWITCH))


REFUSED = [
    ("rfc4849", nas("permit in tcp from any to 10.0.0.1 22-")),
    ("rfc4849", nas("permit out tcp from any to 10.0.0.1 22")),
    ("rfc4849", nas("permit in icmp from any to 10.0.0.1 22")),
    ("rfc4849", nas("permit in tcp from any to 10.0.0.1/24 22")),
    ("rfc4849", nas("permit in tcp from any to 10.0.0.1 22", "deny in ip from any to any")),
    ("rfc4849", [("NAS-Filter-Rule", b"\xff")]),
    ("fortiswitch+ipv4", nas("permit in tcp from any to 10.0.0.1 22")),
    ("fortiswitch+ipv4", nas("permit in 6 from any to 10.0.0.1 22-23")),
    ("fortiswitch+ipv4", nas("permit in 6 from any to 2001:db8::/64 22")),
    ("fortiswitch+ipv4", nas(PERMIT, PERMIT)),
    ("fortiswitch+ipv4", nas(PERMIT + "\0")),
    ("fortiswitch+ipv4", nas(PERMIT + " " * 50)),
    ("fortiswitch+ipv4", nas(*(f"permit in 6 from any to 10.0.0.1/32 {port}" for port in range(46)))),
    ("fortiswitch+ipv4", [*nas(PERMIT), *sent("Filter-Id", "name")]),
    ("juniper-ex+ipv4", juniper("Match Destination-ip 10.0.0.1, Destination-ip 10.0.0.2 Action allow")),
    ("juniper-ex+ipv4", juniper("Match Source-ip 10.0.0.1 Action allow")),
    ("juniper-ex+ipv4", juniper("Match Ip-protocol 6, Destination-port 22-23 Action allow")),
    ("juniper-ex+ipv4", juniper("Match Destination-ip 2001:db8::1 Action allow")),
    ("juniper-ex+ipv4", juniper("Action allow")),
    ("juniper-ex+ipv4", juniper(*[TERM] * 7)),
    ("dell-n+ipv6", [*pair(SSH.format(1)), *sent("Filter-Id", "name.in")]),
    ("dell-n+ipv6", pair("ip:inacl#1=permit tcp 10.0.0.2 any")),
    ("cisco-ios-xe+ipv4", pair("ip:inacl=permit ip any any")),
    ("cisco-ios-xe+ipv4", pair("ip:inacl#1=permit ip any any eq 22")),
    ("cisco-ios-xe+ipv4", pair("ip:inacl#1=permit tcp any 10.0.0.0 0.0.255.0")),
    ("cisco-ios-xe+ipv6", pair("ipv6:inacl#1=permit ip any any")),
    ("cisco-dacl+ipv4", pair(*["ACS:CiscoSecure-Defined-ACL=#ACSACL#-IP-nac-1"] * 2)),
    ("aos-cx+ipv4", [*sent("Aruba-NAS-Filter-Rule", "deny in ip from any to any"), *sent("Aruba-User-Role", "x")]),
    ("aos-cx+ipv4", sent("Aruba-NAS-Filter-Rule", *["deny in ip from any to any"] * 101)),
    ("arubaos-switch+ipv6", [*nas("deny in ip from any to any"), *sent("Filter-Id", "no-such-list")]),
    ("cisco-ios-xe+ipv4", pair(*(SSH.format(number) for number in range(1, 101)))),
    ("cisco-ios-xe", sent("Filter-Id", "no-such-list.in")),
    ("juniper-ex", sent("Filter-Id", "no-such-filter")),
    ("fortiswitch", sent("Filter-Id", "no-such-list")),
    ("aos-cx", sent("Aruba-User-Role", "no-such-role")),
    ("juniper-ex+ipv4", [*juniper(TERM), *sent("Filter-Id", "known")]),
    ("mikrotik", sent("Mikrotik-Switching-Filter", "action allow")),
    ("extreme-exos+ipv4", extreme("v:1 t:a m:ipv4dst=0.0.0.0/0 a:fwd")),
    ("extreme-exos+ipv4", extreme("v:1 t:a m:l4dstport=22/16 a:fwd")),
    ("extreme-exos+ipv4", extreme("v:1 t:a m:ipproto=tcp,l4dstport=22/15 a:fwd", DYNAMIC.replace("22/16", "23/15"))),
    ("extreme-exos+ipv4", extreme(*[DYNAMIC] * 65)),
    ("ruckus-icx+ipv4", sent("Filter-Id", "no-such-list")),
    ("ruckus-icx+ipv4", sent("Filter-Id", "permit ip any 10.0.0.0 0.0.0.255 eq 22")),
]


@pytest.mark.parametrize(("dialect", "attributes"), REFUSED, ids=lambda value: str(value)[:60])
def test_refused(dialect: str, attributes: list[Attribute]) -> None:
    with pytest.raises(LoginRefusedError):
        space(dialect, attributes)


ALL_IPV4 = Box.to(ip_network("0.0.0.0/0"))
ALL_IPV6 = Box.to(ip_network("::/0"))
HOST_SSH = Box.to(ip_network("10.0.0.1"), 6, (22, 22))

OPEN = [
    # A list that ends in a deny lets the rest pass, one that ends in a permit does not (RFC 6733 4.3.1).
    ("rfc4849", nas("permit in tcp from any to 10.0.0.1 22"), [HOST_SSH]),
    (
        "rfc4849",
        nas("permit in tcp from any to 10.0.0.1 22\0", "deny in ip from any to 0.0.0.0/0"),
        [HOST_SSH, ALL_IPV6],
    ),
    # A list for one IP version says nothing of the other.
    ("cisco-ios-xe+ipv6", pair(SSH.format(1)), [HOST_SSH, ALL_IPV6]),
    ("cisco-ios-xe+ipv4", pair(SSH.format(1)), [HOST_SSH]),
    ("dell-n+ipv6", pair(SSH.format(1)), [HOST_SSH, ALL_IPV6]),
    ("aos-cx+ipv6", sent("Aruba-NAS-Filter-Rule", "permit in tcp from any to 10.0.0.1 22"), [HOST_SSH, ALL_IPV6]),
    ("ruckus-icx+ipv6", sent("Filter-Id", "permit tcp any 10.0.0.1 0.0.0.0 eq 22"), [HOST_SSH, ALL_IPV6]),
    # The line with the lower number comes first, the later of two with one number stays.
    ("cisco-ios-xe+ipv4", pair("ip:inacl#2=permit ip any any", "ip:inacl#1=deny ip any any"), []),
    ("cisco-ios-xe+ipv4", pair("ip:inacl#1=permit ip any any", SSH.format(1)), [HOST_SSH]),
    # Without HP-Nas-Rules-IPv6 nothing of IPv6 passes, whatever the rules say.
    ("arubaos-switch+ipv6", nas("permit in ip from any to any"), [ALL_IPV4]),
    # What no rule matches is open, by documents or for want of them.
    ("juniper-ex+ipv4", juniper("Match Destination-ip 10.0.0.1 Action allow"), [ALL_IPV4]),
    ("fortiswitch+ipv4", nas(PERMIT), [ALL_IPV4]),
    ("extreme-exos+ipv4", extreme(DYNAMIC), [ALL_IPV4]),
    # Set up without lists from the server, or without any: what comes is passed over, and the session is open.
    ("dell-n", pair(SSH.format(1)), [ALL_IPV4, ALL_IPV6]),
    ("fortiswitch", nas(PERMIT), [ALL_IPV4, ALL_IPV6]),
    ("meraki", pair(SSH.format(1)), [ALL_IPV4, ALL_IPV6]),
    ("hostapd", nas("deny in ip from any to any"), [ALL_IPV4, ALL_IPV6]),
    ("unifi", nas("deny in ip from any to any"), [ALL_IPV4, ALL_IPV6]),
    # A list or role on the switch; a name without `.in` is for the other direction.
    ("cisco-ios-xe", sent("Filter-Id", "known.in"), [HOST_SSH]),
    ("cisco-ios-xe", sent("Filter-Id", "known"), [ALL_IPV4, ALL_IPV6]),
    ("cisco-9800", sent("Airespace-ACL-Name", "known"), [HOST_SSH]),
    ("aos-cx", sent("Aruba-User-Role", "known"), [HOST_SSH]),
    ("arubaos-switch", sent("HP-User-Role", "known"), [HOST_SSH]),
    ("ruckus-icx", sent("Filter-Id", "known"), [HOST_SSH]),
    ("meraki", sent("Filter-Id", "no-such-policy"), [ALL_IPV4, ALL_IPV6]),
    # Rules in two attributes come in the wrong order, without an error.
    (
        "arubaos-switch+ipv6",
        [
            *nas("deny in ip from any to any"),
            *sent("HP-Nas-Filter-Rule", "permit in tcp from any to 10.0.0.1 22"),
        ],
        [HOST_SSH],
    ),
    # The Access-Accept names a list, the switch fetches its lines.
    ("cisco-dacl+ipv4", pair("ACS:CiscoSecure-Defined-ACL=#ACSACL#-IP-nac-1"), [HOST_SSH]),
]


@pytest.mark.parametrize(("dialect", "attributes", "boxes"), OPEN, ids=lambda value: str(value)[:60])
def test_open(dialect: str, attributes: list[Attribute], boxes: list[Box]) -> None:
    assert space(dialect, attributes) == HeaderSpace.of([FlowRule(permits=True, box=box) for box in boxes])


@pytest.mark.parametrize(
    "dialect", ["rfc4849", "cisco-ios-xe", "aos-cx", "arubaos-switch", "juniper-ex", "fortiswitch"]
)
def test_without_a_list_everything_is_open(dialect: str) -> None:
    everything = HeaderSpace.of([FlowRule(permits=True, box=ALL_IPV4), FlowRule(permits=True, box=ALL_IPV6)])
    assert space(dialect, []) == everything
