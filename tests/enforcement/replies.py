"""Replies as the data plane puts them together, and what a switch makes of them: the way from a grant to open flows."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from lab.nas.attributes import enforcing
from lab.nas.dialects import rules
from nac.enforcement.access_list import AFTER, BEFORE, lines_of
from nac.enforcement.dictionary import shipped_dictionary
from nac.enforcement.download import list_name, pages, reference
from nac.enforcement.header_space import HeaderSpace
from nac.enforcement.layout import Layout, lay_out
from nac.enforcement.vendor import DIALECTS
from nac.policy.compile import resources_in_order
from nac.policy.load import load
from nac.policy.model import Name, Policy, Resource, Segment
from nac.policy.source import Source, Span

ESTATE = Path(__file__).parents[1] / "vectors" / "enforcement" / "estate.policy"

CARRYING = sorted(name for name, dialect in DIALECTS.items() if dialect.lists)
"""The dialects that send access lists."""


@cache
def estate() -> Policy:
    return load(ESTATE).policy


@cache
def layout(dialect: str, policy: Policy) -> Layout:
    return lay_out(DIALECTS[dialect], policy.segments, resources_in_order(policy), shipped_dictionary())


NOWHERE = "nowhere"
"""A segment that says nothing."""


def layout_of_resources(dialect: str, resources: Sequence[Resource]) -> Layout:
    """With the segment `NOWHERE` alone."""
    placed = Segment(Name(NOWHERE, Span(Source("t", ""), 1, 1)))
    return lay_out(DIALECTS[dialect], [placed], resources, shipped_dictionary())


def sent(laid: Layout, granted: Sequence[str], listed: bytes | None = None) -> tuple[bytes, dict[str, bytes]]:
    """The octets of the Access-Accept, and those of each list that can be downloaded, by its name."""
    octets = laid.access_list(granted).encoded if listed is None else listed
    if laid.dialect.lists is None or not laid.dialect.lists.downloaded:
        return octets, {}
    named = reference(octets)
    downloaded = b"".join(pages(split(octets)))
    return shipped_dictionary().encode(named.name, named.value), {list_name(octets): downloaded}


def split(octets: bytes) -> list[bytes]:
    """Each attribute as it stands on the wire."""
    found = []
    while octets:
        found.append(octets[: octets[1]])
        octets = octets[octets[1] :]
    return found


def enforced(laid: Layout, granted: Sequence[str], listed: bytes | None = None) -> HeaderSpace:
    """What a switch opens for a session with these grants. `listed`: another list in place of theirs."""
    accept, downloads = sent(laid, granted, listed)
    return HeaderSpace.of(rules(laid.dialect.name, enforcing(accept), lambda name: enforcing(downloads[name])))


def granted_space(laid: Layout, resources: Sequence[Resource], granted: Sequence[str]) -> HeaderSpace:
    """What the neutral access list of these grants opens, of the IP versions that the dialect has lines for."""
    lines = [line for one in resources if one.name.text in granted for line in lines_of(one, resources)]
    assert laid.dialect.lists is not None
    return HeaderSpace.of_lines([*BEFORE, *lines, *AFTER]).only(laid.dialect.lists.families)
