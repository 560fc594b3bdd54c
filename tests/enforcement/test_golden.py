"""Every dialect against its golden files: `golden/DIALECT/GRANT.txt` for each grant, `segments.txt` for placements.

`--write-golden` writes them anew.
"""

from pathlib import Path

import pytest
from replies import CARRYING, estate, layout, sent, split

from lab.nas.attributes import enforcing
from nac.enforcement.layout import Layout, Piece
from nac.enforcement.vendor import DIALECTS
from nac.enforcement.vendor.rfc4849 import SEPARATOR

GOLDEN = Path(__file__).parent / "golden"

GRANTS = {
    "nothing": [],
    "services": ["host", "net", "echo", "all", "public"],
    "ranges": ["range"],
    "internet": ["world"],
    "internet-and-public": ["world", "public"],
}


def compare(path: Path, text: str, write: bool) -> None:
    if write:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == text


def shown(title: str, piece: Piece) -> str:
    texts = [f"  {attribute.name} = {attribute.value}" for attribute in piece.attributes]
    octets = [f"  {piece.encoded[at : at + 48].hex()}" for at in range(0, len(piece.encoded), 48)]
    return "\n".join([f"{title}:", *texts, *octets, ""])


def placements(laid: Layout) -> str:
    return "\n".join(
        [
            *(shown(f"segment {name}", piece) for name, piece in laid.segments.items()),
            *(shown(f"segment {name} at {site}", piece) for (site, name), piece in laid.sites.items()),
            *(
                shown(f"fallback to {name}" + (f" at {site}" if site else ""), piece)
                for (site, name), piece in laid.fallbacks.items()
            ),
        ]
    )


@pytest.fixture
def write(request: pytest.FixtureRequest) -> bool:
    return request.config.getoption("--write-golden", default=False)


@pytest.mark.parametrize("dialect", sorted(DIALECTS))
def test_placements(dialect: str, write: bool) -> None:
    compare(GOLDEN / dialect / "segments.txt", placements(layout(dialect, estate())), write)


@pytest.mark.parametrize("dialect", CARRYING)
@pytest.mark.parametrize("grant", GRANTS)
def test_grants(dialect: str, grant: str, write: bool) -> None:
    laid = layout(dialect, estate())
    unfit = laid.unfit("open", GRANTS[grant])
    text = shown(f"granted {', '.join(GRANTS[grant]) or 'nothing'}", laid.access_list(GRANTS[grant]))
    compare(GOLDEN / dialect / f"{grant}.txt", text if unfit is None else f"cannot be sent: {unfit}\n{text}", write)


def test_no_golden_file_is_left_over() -> None:
    expected = {GOLDEN / dialect / "segments.txt" for dialect in DIALECTS}
    expected |= {GOLDEN / dialect / f"{grant}.txt" for dialect in CARRYING for grant in GRANTS}
    assert set(GOLDEN.rglob("*.txt")) == expected


@pytest.mark.parametrize("dialect", sorted(DIALECTS))
def test_the_octets_carry_the_texts(dialect: str) -> None:
    """Read back by hand; Tunnel-Type and Tunnel-Medium-Type are numbers with a tag (RFC 2868 3)."""
    numbers = {"VLAN": bytes([0, 0, 0, 13]), "IEEE-802": bytes([0, 0, 0, 6]), "IPv4-And-IPv6": bytes([0, 0, 0, 1])}
    laid = layout(dialect, estate())
    for piece in (*laid.segments.values(), *laid.fallbacks.values(), laid.access_list(["net", "world"])):
        texts = [(one.name, numbers.get(one.value, (one.value + one.end).encode())) for one in piece.attributes]
        assert enforcing(piece.encoded) == texts


LIST_ATTRIBUTES = {"NAS-Filter-Rule", "Aruba-NAS-Filter-Rule", "Juniper-Switching-Filter", "Extreme-EXOS-Dynamic-ACL"}
NAMING_ATTRIBUTES = {"Filter-Id", "Airespace-ACL-Name", "Aruba-User-Role", "HP-User-Role"}


def mechanisms(octets: bytes) -> set[str]:
    """The kinds of access list in a reply."""
    found = set()
    for name, value in enforcing(octets):
        if name == "Cisco-AVPair" and b":inacl#" in value:
            found.add("inacl")
        elif name == "Cisco-AVPair" and value.startswith(b"ACS:CiscoSecure-Defined-ACL="):
            found.add("downloaded")
        elif name == "Filter-Id" and b" any " in value:
            found.add("entries in Filter-Id")
        elif name in LIST_ATTRIBUTES | NAMING_ATTRIBUTES:
            found.add(name)
    return found


@pytest.mark.parametrize("dialect", sorted(DIALECTS))
def test_one_access_list_mechanism_in_a_reply(dialect: str) -> None:
    laid = layout(dialect, estate())
    listed = laid.access_list(["host"]).encoded
    for placed in laid.segments.values():
        assert len(mechanisms(placed.encoded + listed)) <= 1
    for fallback in laid.fallbacks.values():
        assert len(mechanisms(fallback.encoded)) <= 1


@pytest.mark.parametrize("dialect", CARRYING)
def test_a_fallback_is_confined_by_name_and_never_open(dialect: str) -> None:
    laid = layout(dialect, estate())
    closed, _ = sent(laid, [])
    for (_, segment), piece in laid.fallbacks.items():
        assert piece.encoded.endswith(closed) is (segment not in laid.named)
        assert mechanisms(piece.encoded)


def test_a_site_has_its_own_vlan() -> None:
    laid = layout("vlan-only", estate())
    assert laid.sites.keys() == {("berlin", "numbered")}
    assert b"121" in laid.sites["berlin", "numbered"].encoded
    assert b"120" in laid.segments["numbered"].encoded
    assert b"121" in laid.fallbacks["berlin", "numbered"].encoded


def test_rfc4849_2_rules_stand_between_nuls() -> None:
    """What keeps to the RFC joins the values and parts them at NUL: it must find one rule for each attribute."""
    for dialect in ("rfc4849", "arista-eos+ipv4", "hostapd+ipv6"):
        values = [value for _, value in enforcing(layout(dialect, estate()).access_list(["host", "net"]).encoded)]
        assert b"".join(values).split(SEPARATOR.encode()) == [value.removesuffix(b"\0") for value in values]


@pytest.mark.parametrize("dialect", ["arubaos-switch+ipv6", "fortiswitch+ipv4", "aos-cx+ipv6"])
def test_no_nul_where_one_attribute_is_one_rule(dialect: str) -> None:
    listed = layout(dialect, estate()).access_list(["host", "net", "world"]).encoded
    assert all(b"\0" not in value for name, value in enforcing(listed) if "Filter-Rule" in name)


@pytest.mark.parametrize("dialect", [name for name in CARRYING if name.startswith(("cisco", "dell", "meraki"))])
def test_numbers_grow_through_every_list(dialect: str) -> None:
    laid = layout(dialect, estate())
    listed = laid.access_list([name for name in laid.resources if name not in laid.refusals])
    numbers = [int(attribute.value.split("#")[1].split("=")[0]) for attribute in listed.attributes]
    assert numbers == sorted(set(numbers))


@pytest.mark.parametrize("dialect", CARRYING)
def test_extents_are_those_of_the_octets(dialect: str) -> None:
    laid = layout(dialect, estate())
    listed = laid.access_list(["host", "all"])
    extent = laid.extent("numbered", ["all", "host"])
    header = laid.dialect.lists.header
    if laid.dialect.budget.counted == "lines":
        assert extent.lines == len(split(listed.encoded)) - len(header) == len(listed.attributes) - len(header)
    if not laid.dialect.lists.downloaded:
        assert extent.octets == len(laid.segments["numbered"].encoded) + len(listed.encoded)
