"""Every dialect against its golden file in `tests/vectors/enforcement/`."""

from pathlib import Path

import pytest

from nac.enforcement.dictionary import shipped_dictionary
from nac.enforcement.layout import Layout, Piece, lay_out
from nac.enforcement.vendor import DIALECTS
from nac.policy.compile import resources_in_order
from nac.policy.load import load

VECTORS = Path(__file__).parents[1] / "vectors" / "enforcement"


def layout(dialect: str) -> Layout:
    policy = load(VECTORS / "estate.policy").policy
    return lay_out(DIALECTS[dialect], policy.segments, resources_in_order(policy), shipped_dictionary())


def shown(laid: Layout) -> str:
    pieces = {
        **{f"segment {name}": piece for name, piece in laid.segments.items()},
        "before": laid.before,
        **{f"resource {name}": piece for name, piece in laid.resources.items()},
        "after": laid.after,
    }
    return "\n".join(_piece(title, piece) for title, piece in pieces.items())


def _piece(title: str, piece: Piece) -> str:
    texts = [f"  {attribute.name} = {attribute.value}" for attribute in piece.attributes]
    octets = [f"  {piece.encoded[at : at + 48].hex()}" for at in range(0, len(piece.encoded), 48)]
    return "\n".join([f"{title}:", *texts, *octets, ""])


@pytest.mark.parametrize("dialect", sorted(DIALECTS))
def test_golden_file(dialect: str) -> None:
    assert shown(layout(dialect)) == (VECTORS / f"{dialect}.txt").read_text()


@pytest.mark.parametrize("dialect", sorted(DIALECTS))
def test_the_octets_carry_the_texts(dialect: str) -> None:
    """Read back by hand: type, length, and for Vendor-Specific (26) vendor 9, type 1, length (RFC 2865 5.26)."""
    laid = layout(dialect)
    for piece in (*laid.segments.values(), laid.before, *laid.resources.values(), laid.after):
        values = _values(piece.encoded)
        assert len(values) == len(piece.attributes)
        for attribute, (kind, value) in zip(piece.attributes, values, strict=True):
            match attribute.name:
                case "Tunnel-Type":
                    assert (kind, value) == (64, bytes([0, 0, 0, 13]))
                case "Tunnel-Medium-Type":
                    assert (kind, value) == (65, bytes([0, 0, 0, 6]))
                case "Cisco-AVPair":
                    text = attribute.value.encode()
                    assert (kind, value) == (26, bytes([0, 0, 0, 9, 1, len(text) + 2]) + text)
                case name:
                    number = {"Tunnel-Private-Group-Id": 81, "Filter-Id": 11, "NAS-Filter-Rule": 92}[name]
                    assert (kind, value) == (number, (attribute.value + attribute.end).encode())


def _values(octets: bytes) -> list[tuple[int, bytes]]:
    found = []
    while octets:
        found.append((octets[0], octets[2 : octets[1]]))
        octets = octets[octets[1] :]
    return found


@pytest.mark.parametrize("dialect", sorted(DIALECTS))
def test_one_access_list_mechanism_in_a_reply(dialect: str) -> None:
    laid = layout(dialect)
    pieces = (*laid.segments.values(), laid.before, *laid.resources.values(), laid.after)
    used = {attribute.name for piece in pieces for attribute in piece.attributes}
    assert len(used & {"Filter-Id", "NAS-Filter-Rule", "Cisco-AVPair"}) == 1


def test_rfc4849_2_rules_stand_between_nuls() -> None:
    """What keeps to the RFC joins the values and parts them at NUL: it must find one rule for each attribute."""
    laid = layout("rfc4849")
    pieces = (laid.before, laid.resources["host"], laid.resources["net"], laid.after)
    values = [value for piece in pieces for _, value in _values(piece.encoded)]
    assert b"".join(values).split(b"\0") == [value.removesuffix(b"\0") for value in values]


def test_numbers_grow_through_every_list() -> None:
    laid = layout("cisco-ios-xe")
    pieces = (laid.before, *laid.resources.values(), laid.after)
    numbers = [int(attribute.value.split("#")[1].split("=")[0]) for piece in pieces for attribute in piece.attributes]
    assert numbers == sorted(set(numbers))


def test_extents_are_those_of_the_octets() -> None:
    laid = layout("rfc4849")
    extent = laid.extent("numbered", ["host", "all"])
    pieces = (laid.segments["numbered"], laid.before, laid.resources["host"], laid.resources["all"], laid.after)
    assert extent.octets == sum(len(piece.encoded) for piece in pieces)
    assert extent.lines == sum(len(piece.attributes) for piece in pieces[1:])
