"""What a switch of the lab makes of attributes: VLANs, and lists in the words of nftables."""

from __future__ import annotations

import pytest

from lab.campus.switch.grant import expressions, read
from lab.nas.dialects.received import LoginRefusedError


def packet(*attributes: tuple[int, bytes]) -> bytes:
    """An Access-Accept with these attributes; header and signature do not matter here."""
    return bytes(20) + b"".join(bytes([kind, len(value) + 2]) + value for kind, value in attributes)


def rules(*lines: str) -> bytes:
    return packet((92, "\0".join(lines).encode()))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("permit in tcp from any to 10.20.0.0/24 443", "ip daddr 10.20.0.0-10.20.0.255 meta l4proto 6 th dport 443"),
        ("permit in udp from any to 10.1.2.3 8000-8080", "ip daddr 10.1.2.3 meta l4proto 17 th dport 8000-8080"),
        ("permit in ip from any to 2001:db8::1", "ip6 daddr 2001:db8::1"),
        ("permit in icmp from any to 10.0.0.1", "ip daddr 10.0.0.1 meta l4proto 1"),
    ],
)
def test_a_rule_in_the_words_of_nftables(line: str, expected: str) -> None:
    first = expressions(read("rfc4849", rules(line)).rules)[0]
    family = "ip6" if "2001" in line else "ip"
    assert first == f"meta protocol {family} {expected} counter accept"


def test_a_list_that_ends_with_a_permit_drops_the_rest() -> None:
    """RFC 6733 4.3.1."""
    assert expressions(read("rfc4849", rules("permit in ip from any to 10.0.0.1")).rules)[-2:] == [
        "meta protocol ip counter drop",
        "meta protocol ip6 counter drop",
    ]


@pytest.mark.parametrize(("value", "vlan"), [(b"120", 120), (b"\x01120", 120), (b"\x00120", 120), (b"4094", 4094)])
def test_rfc2868_3_6_a_vlan_behind_a_tag_or_not(value: bytes, vlan: int) -> None:
    assert read("rfc4849", packet((81, value))).vlan == vlan


@pytest.mark.parametrize("value", [b"0", b"4095", b"guests", b"\x01", b"12 "])
def test_what_is_no_vlan_keeps_the_port_closed(value: bytes) -> None:
    with pytest.raises(LoginRefusedError, match="is no VLAN"):
        read("rfc4849", packet((81, value)))


def test_a_list_that_only_is_named_keeps_the_port_closed() -> None:
    pair = b"ACS:CiscoSecure-Defined-ACL=#ACSACL#-IP-nac-0123"
    accept = packet((26, (9).to_bytes(4, "big") + bytes([1, len(pair) + 2]) + pair))
    with pytest.raises(LoginRefusedError, match="fetches no lists"):
        read("cisco-dacl+ipv4", accept)
