"""pyrad and scapy are the oracles: on random packets they and our codec agree octet by octet, both ways."""

from __future__ import annotations

import ipaddress
import json
import logging
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyrad.dictionary import Dictionary as PyradDictionary
from pyrad.packet import AcctPacket, AuthPacket, CoAPacket, Packet
from scapy.layers.radius import Radius, RadiusAttr_Vendor_Specific, RadiusAttribute

from nac._dataplane import DecodedPacket, Dictionary, PacketError, decode_packet

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "dictionaries").glob("dictionary.*"))
VECTORS = ROOT / "tests" / "vectors" / "radius"
SECRET = b"a shared secret of 26 oct."

logging.getLogger("pyrad").setLevel(logging.ERROR)
OURS = Dictionary(texts={path.name: path.read_text() for path in FILES})
THEIRS = PyradDictionary(*map(str, FILES))

printable = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E, exclude_characters="\\"), min_size=1)
text = printable.filter(lambda value: len(value) <= 200)
octets = st.binary(min_size=1, max_size=200).map(lambda value: "0x" + value.hex())
integer = st.integers(0, 2**32 - 1).map(str)
ipv4 = st.ip_addresses(v=4).map(str)
ipv6 = st.ip_addresses(v=6).map(str)
ipv6_prefix = st.tuples(st.ip_addresses(v=6), st.integers(0, 128)).map(
    lambda pair: str(ipaddress.IPv6Network(pair, strict=False))
)

NAMES: dict[str, st.SearchStrategy[str]] = {
    "User-Name": text,
    "Calling-Station-Id": text,
    "NAS-Identifier": text,
    "Filter-Id": text,
    "NAS-Filter-Rule": text,
    "Cisco-AVPair": text,
    "Aruba-User-Role": text,
    "Juniper-Switching-Filter": text,
    "HP-Egress-VLAN-Name": text,
    "Class": octets,
    "Proxy-State": octets,
    "EAP-Key-Name": octets,
    "NAS-Port": integer,
    "Session-Timeout": integer,
    "Egress-VLANID": integer,
    "HP-Egress-VLANID": integer,
    "NAS-IP-Address": ipv4,
    "Framed-IP-Address": ipv4,
    "NAS-IPv6-Address": ipv6,
    "Framed-IPv6-Prefix": ipv6_prefix,
}
attributes = st.lists(
    st.sampled_from(sorted(NAMES)).flatmap(lambda name: st.tuples(st.just(name), NAMES[name])), max_size=12
)
authenticators = st.binary(min_size=16, max_size=16)
identifiers = st.integers(0, 255)


def for_pyrad(name: str, value: str) -> str | int:
    return int(value) if NAMES[name] is integer else value


def canonical(pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Sorted, with IPv6 in full: `::ffff:192.0.2.1` and `::ffff:c000:201` are one address (RFC 5952 5)."""
    spell: dict[str, Callable[[str], str]] = {
        "NAS-IPv6-Address": lambda value: ipaddress.IPv6Address(value).exploded,
        "Framed-IPv6-Prefix": lambda value: ipaddress.IPv6Network(value).exploded,
    }
    return sorted((name, spell.get(name, str)(value)) for name, value in pairs)


def decode(data: bytes, **keys: bytes) -> DecodedPacket:
    return decode_packet(data, dictionary=OURS, **keys)


def wire(code: int, identifier: int, authenticator: bytes, encoded: bytes) -> bytes:
    return struct.pack("!BBH", code, identifier, 20 + len(encoded)) + authenticator + encoded


@given(identifier=identifiers, authenticator=authenticators, wanted=attributes)
def test_what_pyrad_builds_we_read(identifier: int, authenticator: bytes, wanted: list[tuple[str, str]]) -> None:
    packet = AuthPacket(id=identifier, secret=SECRET, authenticator=authenticator, dict=THEIRS)
    for name, value in wanted:
        packet.AddAttribute(name, for_pyrad(name, value))
    packet.add_message_authenticator()
    data = packet.RequestPacket()
    decoded = decode(data, secret=SECRET)
    assert (decoded.code, decoded.code_name, decoded.identifier) == (1, "Access-Request", identifier)
    assert (decoded.authenticator, decoded.length) == (authenticator, len(data))
    assert decoded.message_authenticator == "valid"
    found = [(one.name, one.value) for one in decoded.attributes if one.name != "Message-Authenticator"]
    assert canonical(found) == canonical(wanted)
    assert decode(data, secret=b"another secret").message_authenticator == "invalid"


@given(identifier=identifiers, authenticator=authenticators, wanted=attributes)
def test_what_we_encode_pyrad_and_scapy_read(
    identifier: int, authenticator: bytes, wanted: list[tuple[str, str]]
) -> None:
    encoded = [OURS.encode(name, value) for name, value in wanted]
    data = wire(2, identifier, authenticator, b"".join(encoded))

    read = Packet(packet=data, secret=SECRET, dict=THEIRS)
    for name in {name for name, _ in wanted}:
        expected = [for_pyrad(name, value) for other, value in wanted if other == name]
        values = [f"0x{value.hex()}" if isinstance(value, bytes) else value for value in read[name]]
        assert values == expected
    assert set(read.keys()) == {name for name, _ in wanted}

    dissected = Radius(data)
    assert (dissected.code, dissected.id, dissected.len) == (2, identifier, len(data))
    assert [bytes(attribute) for attribute in dissected.attributes] == encoded
    decoded = decode(data).attributes
    assert [one.name for one in decoded] == [name for name, _ in wanted]
    assert canonical([(one.name, one.value) for one in decoded]) == canonical(wanted)


@given(
    identifier=identifiers,
    authenticator=authenticators,
    wanted=st.lists(st.tuples(st.sampled_from([1, 25, 31, 33, 200]), st.binary(min_size=1, max_size=253)), max_size=12),
    vendors=st.lists(
        st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 255), st.binary(min_size=1, max_size=247)), max_size=3
    ),
)
def test_what_scapy_builds_we_read(
    identifier: int,
    authenticator: bytes,
    wanted: list[tuple[int, bytes]],
    vendors: list[tuple[int, int, bytes]],
) -> None:
    plain = [RadiusAttribute(type=ty, value=value) for ty, value in wanted]
    special = [
        RadiusAttr_Vendor_Specific(vendor_id=vendor, vendor_type=ty, value=value) for vendor, ty, value in vendors
    ]
    data = bytes(Radius(code=1, id=identifier, authenticator=authenticator, attributes=plain + special))
    if len(data) > 4096:
        return
    decoded = decode(data)
    assert (decoded.identifier, decoded.authenticator) == (identifier, authenticator)
    assert decoded.message_authenticator == "absent"
    assert [one.raw for one in decoded.attributes] == [*(value for _, value in wanted), *(v for _, _, v in vendors)]


@given(identifier=identifiers, wanted=attributes, kind=st.sampled_from([AcctPacket, CoAPacket]))
def test_requests_with_a_digest_for_authenticator_agree(
    identifier: int, wanted: list[tuple[str, str]], kind: Callable[..., Packet]
) -> None:
    packet = kind(id=identifier, secret=SECRET, dict=THEIRS)
    for name, value in wanted:
        packet.AddAttribute(name, for_pyrad(name, value))
    data = packet.RequestPacket()
    decoded = decode(data, secret=SECRET)
    assert canonical([(one.name, one.value) for one in decoded.attributes]) == canonical(wanted)


@given(authenticator=authenticators, wanted=attributes, code=st.sampled_from([2, 3, 11]))
def test_replies_of_pyrad_are_verified(authenticator: bytes, wanted: list[tuple[str, str]], code: int) -> None:
    request = AuthPacket(id=9, secret=SECRET, authenticator=authenticator, dict=THEIRS)
    reply = request.CreateReply()
    reply.code = code
    for name, value in wanted:
        reply.AddAttribute(name, for_pyrad(name, value))
    reply.add_message_authenticator()
    data = reply.ReplyPacket()
    known = decode(data, secret=SECRET, request_authenticator=authenticator)
    assert known.message_authenticator == "valid"
    assert decode(data, secret=b"wrong", request_authenticator=authenticator).message_authenticator == "invalid"
    assert decode(data, secret=SECRET).message_authenticator == "unchecked"
    assert decode(data).message_authenticator == "unchecked"


@given(data=st.binary(max_size=300))
def test_any_octets_are_read_or_refused(data: bytes) -> None:
    try:
        decoded = decode(data, secret=SECRET)
    except PacketError:
        return
    assert decoded.length <= len(data)


def vectors(name: str) -> list[Any]:
    return [pytest.param(vector, id=vector["name"]) for vector in json.loads((VECTORS / name).read_text())["vectors"]]


@pytest.mark.parametrize("vector", [*vectors("rfc2865_7.json"), *vectors("rfc5997_6.json"), *vectors("peers.json")])
def test_vectors(vector: dict[str, Any]) -> None:
    data = bytes.fromhex(vector["octets"])
    decoded = decode(data)
    assert decoded.code_name == vector["code"]
    assert Packet(packet=data, secret=SECRET, dict=THEIRS).code == decoded.code
    if vector["attributes"] is None:
        return
    assert [one.name for one in decoded.attributes] == [name for name, _ in vector["attributes"]]
    for found, (name, value) in zip(decoded.attributes, vector["attributes"], strict=True):
        assert value is None or found.value == value, name


@pytest.mark.parametrize("vector", vectors("malformed.json"))
def test_malformed_packets_are_refused(vector: dict[str, Any]) -> None:
    with pytest.raises(PacketError, match=r"\w+"):
        decode(bytes.fromhex(vector["octets"]))
