"""Every file in `dictionaries/` is read by pyrad's parser as well, and both encode every attribute alike."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from pyrad.dictionary import Attribute
from pyrad.dictionary import Dictionary as PyradDictionary
from pyrad.packet import AuthPacket

from nac._dataplane import Dictionary, DictionaryError

FOLDER = Path(__file__).parents[2] / "dictionaries"
FILES = sorted(FOLDER.glob("dictionary.*"))

EXAMPLES: dict[str, list[str]] = {
    "string": ["x", "Zoë and a \\ backslash", "a" * 200],
    "octets": ["0x00", "0x00ff80", "0x" + "ab" * 200],
    "ipaddr": ["192.0.2.7", "0.0.0.1", "255.255.255.255"],
    "ipv6addr": ["2001:db8::1", "::", "::ffff:192.0.2.1"],
    "ipv6prefix": ["2001:db8::/32", "::/0", "2001:db8::1/128", "2001:db8:ffff::/33"],
    "ifid": ["211:22ff:fe33:4455", "0:0:0:1"],
    "ether": ["00:11:22:aa:bb:cc"],
    "integer": ["0", "1", "16777215"],
    "short": ["0", "65535"],
    "byte": ["0", "255"],
    "integer64": ["0", "18446744073709551615"],
    "date": ["0", "1772323199", "4294967295"],
}
NUMBERS = {"integer", "short", "byte", "integer64", "date"}


@pytest.fixture(scope="module")
def ours() -> Dictionary:
    return Dictionary(texts={path.name: path.read_text() for path in FILES})


@pytest.fixture(scope="module")
def theirs() -> PyradDictionary:
    logging.getLogger("pyrad").setLevel(logging.ERROR)
    return PyradDictionary(*map(str, FILES))


def encoded_by_pyrad(dictionary: PyradDictionary, name: str, value: str | int) -> bytes:
    """The attributes of an Access-Request that holds this one only."""
    packet = AuthPacket(secret=b"s", authenticator=bytes(16), dict=dictionary)
    packet[name] = value
    octets: bytes = packet.RequestPacket()
    return octets[20:]


def readable(attribute: Attribute) -> bool:
    """User-Password and its like are hidden under the secret: neither side writes them from text alone."""
    return attribute.encrypt == 0 and attribute.type in EXAMPLES and not attribute.is_sub_attribute


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_first_line_names_the_source(path: Path) -> None:
    first, *_ = path.read_text().splitlines()
    assert first.startswith("# Source: ")


def test_both_know_the_same_names(ours: Dictionary, theirs: PyradDictionary) -> None:
    assert sorted(ours.names()) == sorted([*theirs.attributes, *theirs.skipped_attributes])


def test_both_encode_every_attribute_alike(ours: Dictionary, theirs: PyradDictionary) -> None:
    checked = 0
    for name, attribute in theirs.attributes.items():
        if not readable(attribute) or name == "User-Priority-Table":
            continue
        for text in EXAMPLES[attribute.type]:
            value = int(text) if attribute.type in NUMBERS else text
            assert ours.encode(name, text) == encoded_by_pyrad(theirs, name, value), (name, text)
            checked += 1
    assert checked > 800


def test_both_encode_every_named_value_alike(ours: Dictionary, theirs: PyradDictionary) -> None:
    checked = 0
    for name, attribute in theirs.attributes.items():
        for value_name, _ in attribute.values.forward.items():
            assert ours.encode(name, value_name) == encoded_by_pyrad(theirs, name, value_name), (name, value_name)
            checked += 1
    assert checked > 150


@pytest.mark.parametrize("tag", [1, 31])
def test_both_encode_tags_alike(ours: Dictionary, theirs: PyradDictionary, tag: int) -> None:
    tagged = [attribute for attribute in theirs.attributes.values() if attribute.has_tag and readable(attribute)]
    assert {attribute.name for attribute in tagged} >= {"Tunnel-Type", "Tunnel-Medium-Type", "Tunnel-Private-Group-Id"}
    for attribute in tagged:
        for text in EXAMPLES[attribute.type]:
            value = int(text) if attribute.type in NUMBERS else text
            expected = encoded_by_pyrad(theirs, f"{attribute.name}:{tag}", value)
            assert ours.encode(attribute.name, text, tag=tag) == expected


def test_both_encode_fixed_octets_alike(ours: Dictionary, theirs: PyradDictionary) -> None:
    text = "0x0001020304050607"
    assert ours.encode("User-Priority-Table", text) == encoded_by_pyrad(theirs, "User-Priority-Table", text)


def test_both_encode_attributes_of_a_tlv_alike(ours: Dictionary, theirs: PyradDictionary) -> None:
    packet = AuthPacket(secret=b"s", authenticator=bytes(16), dict=theirs)
    packet["IPv6-6rd-BR-IPv4-Address"] = "192.0.2.1"
    assert ours.encode("IPv6-6rd-BR-IPv4-Address", "192.0.2.1") == packet.RequestPacket()[20:]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ATTRIBUTE A 1 strin\n", "site:1: unknown data type"),
        ("\n\nATTRIBUTE A 256 string\n", "site:3: "),
        ("ATTRIBUTE A 1 string\nATTRIBUTE B 1 string\n", "site:2: attribute 1 is defined as A already"),
    ],
)
def test_a_broken_file_is_named_with_its_line(text: str, message: str) -> None:
    with pytest.raises(DictionaryError, match=message):
        Dictionary(texts={"site": text})


@pytest.mark.parametrize(
    ("name", "value", "tag"),
    [
        ("No-Such-Attribute", "1", 0),
        ("User-Name", "", 0),
        ("User-Name", "a" * 254, 0),
        ("Cisco-AVPair", "a" * 248, 0),
        ("NAS-Port", "4294967296", 0),
        ("Service-Type", "Famed", 0),
        ("NAS-Port", "1", 1),
        ("Tunnel-Type", "VLAN", 32),
        ("User-Password", "x", 0),
    ],
)
def test_a_value_that_does_not_fit_is_an_error(ours: Dictionary, name: str, value: str, tag: int) -> None:
    with pytest.raises(DictionaryError, match=name):
        ours.encode(name, value, tag=tag)
