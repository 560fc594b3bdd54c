"""Lays out, for one dialect, the pieces from which the data plane puts a reply together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Protocol

from nac.enforcement.access_list import AFTER, BEFORE, AccessLine, lines_of
from nac.enforcement.budget import Extent
from nac.enforcement.download import REFERENCE_OCTETS, reference
from nac.enforcement.express import InexpressibleError, express
from nac.enforcement.vendor import Attribute, Dialect
from nac.policy.model import Resource, Segment


class Encoder(Protocol):
    """`nac._dataplane.Dictionary`."""

    def encode(self, name: str, value: str, *, tag: int = 0) -> bytes:
        """One attribute as it stands on the wire."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Attributes in order, their octets, and what they use up."""

    attributes: tuple[Attribute, ...] = ()
    encoded: bytes = b""
    extent: Extent = field(default_factory=Extent)

    def __add__(self, other: Piece) -> Piece:
        return Piece(self.attributes + other.attributes, self.encoded + other.encoded, self.extent + other.extent)


@dataclass(frozen=True, slots=True)
class Layout:
    """Everything one dialect needs: a reply is a segment, `before`, the granted resources in order, `after`.

    `sites`: (site, segment) -> the segment where the site gives it another VLAN. `fallbacks`: (site or None, segment)
    -> the whole reply for a session that falls back to that segment. `resources`: None for a resource whose lines the
    dialect cannot write; `refusals` says why. `named`: the segments for which the dialect has the name of a role or
    of a list on the switch.
    """

    dialect: Dialect
    before: Piece
    after: Piece
    segments: Mapping[str, Piece] = field(default_factory=dict)
    sites: Mapping[tuple[str, str], Piece] = field(default_factory=dict)
    fallbacks: Mapping[tuple[str | None, str], Piece] = field(default_factory=dict)
    resources: Mapping[str, Piece | None] = field(default_factory=dict)
    refusals: Mapping[str, str] = field(default_factory=dict)
    named: frozenset[str] = frozenset()

    def access_list(self, resources: Iterable[str]) -> Piece:
        """The list of a session with those grants, which the dialect can all write, in whatever order they come."""
        granted = frozenset(resources)
        listed = (piece for name, piece in self.resources.items() if name in granted and piece)
        return sum(listed, self.before) + self.after

    def reply(self, segment: str, resources: Iterable[str]) -> tuple[Attribute, ...]:
        """Every attribute of the Access-Accept that the policy adds, as people read them."""
        listed = self.access_list(resources)
        lists = self.dialect.lists
        attributes = (reference(listed.encoded),) if lists and lists.downloaded else listed.attributes
        return self.segments[segment].attributes + attributes

    def extent(self, segment: str, resources: Iterable[str]) -> Extent:
        """What the reply for that segment with those grants uses up; of a list that is downloaded, its name."""
        pieces = (self.before, *(self.resources[name] for name in resources), self.after)
        listed = sum((piece.extent for piece in pieces if piece), Extent())
        if self.dialect.lists and self.dialect.lists.downloaded:
            listed = replace(listed, octets=REFERENCE_OCTETS)
        return self.segments[segment].extent + listed

    def unfit(self, segment: str, resources: Iterable[str]) -> str | None:
        """Why the reply for that segment with those grants cannot be sent, in words; None when it can."""
        names = list(resources)
        refused = [f"`{name}`: {self.refusals[name]}" for name in sorted(names) if name in self.refusals]
        return refused[0] if refused else self.extent(segment, names).beyond(self.dialect.budget)


def lay_out(dialect: Dialect, segments: Sequence[Segment], resources: Sequence[Resource], encoder: Encoder) -> Layout:
    """Number and encode. `resources` in the order in which their lines stand in a list, so that numbers grow in every
    reply. Raises `nac._dataplane.DictionaryError` where a value does not fit its attribute.
    """
    lister = _Lister(dialect, encoder)
    before = lister.header() + lister.piece(BEFORE)
    granted: dict[str, Piece | None] = {}
    refusals: dict[str, str] = {}
    for resource in resources:
        name = resource.name.text
        try:
            granted[name] = lister.own_piece(lines_of(resource, resources), f"`{name}`")
        except InexpressibleError as refusal:
            granted[name], refusals[name] = None, str(refusal)
    after = lister.piece(AFTER, closing=True)
    placed = {segment.name.text: _piece(dialect.segment(segment), encoder) for segment in segments}
    sites = {(site, one.name.text): _piece(dialect.segment(one), encoder) for site, one in _at_sites(segments)}
    closed = before + after
    if dialect.lists and dialect.lists.downloaded:
        closed = _piece([reference(closed.encoded)], encoder)
    everywhere = [(None, segment) for segment in segments]
    fallbacks = {
        (site, one.name.text): _fallback(dialect, one, closed, encoder)
        for site, one in (*everywhere, *_at_sites(segments))
    }
    named = frozenset(segment.name.text for segment in segments if dialect.named(segment))
    return Layout(dialect, before, after, placed, sites, fallbacks, granted, refusals, named)


class _Lister:
    """Writes lines, numbered through."""

    def __init__(self, dialect: Dialect, encoder: Encoder) -> None:
        self._lists = dialect.lists
        self._longest = dialect.budget.line_characters
        self._encoder = encoder
        self._numbers = count(1)
        self._owners: dict[str, str] = {}
        """Where lines must be distinct: each line that is written -> whose it is, in words."""
        if self._lists and self._lists.distinct:
            always = express((*BEFORE, *AFTER), self._lists)
            self._owners = {self._lists.line(line, 0).value: "every list" for line in always}

    def header(self) -> Piece:
        attributes = self._lists.header if self._lists else ()
        encoded = _encode(attributes, self._encoder)
        return Piece(attributes, encoded, Extent(octets=len(encoded)))

    def piece(self, lines: Sequence[AccessLine], *, closing: bool = False) -> Piece:
        """`closing`: nothing stands behind the last of these lines. Raises `InexpressibleError`."""
        if self._lists is None:
            return Piece()
        written = express(lines, self._lists)
        attributes = [self._lists.line(line, next(self._numbers)) for line in written]
        if closing:
            attributes[-1] = replace(attributes[-1], end="")
        characters = [len(attribute.value) for attribute in attributes]
        if max(characters, default=0) > self._longest:
            raise InexpressibleError(f"a line has {max(characters)} characters, but one may have {self._longest}")
        encoded = _encode(attributes, self._encoder)
        counted = sum(self._lists.weight(line) for line in written)
        return Piece(tuple(attributes), encoded, Extent(len(encoded), counted, sum(characters)))

    def own_piece(self, lines: Sequence[AccessLine], owner: str) -> Piece:
        """Lines that nobody else may have where lines must be distinct. Raises `InexpressibleError`."""
        piece = self.piece(lines)
        if self._lists and self._lists.distinct:
            values = [attribute.value for attribute in piece.attributes]
            for value in values:
                if value in self._owners:
                    raise InexpressibleError(
                        f"its line `{value}` is one of {self._owners[value]}; two equal may fail there"
                    )
            self._owners.update(dict.fromkeys(values, owner))
        return piece


def _at_sites(segments: Sequence[Segment]) -> Iterator[tuple[str, Segment]]:
    """Each segment at each site that gives it another VLAN."""
    for segment in segments:
        for site, vlan in segment.site_vlans:
            yield site.text, replace(segment, vlan=vlan)


def _fallback(dialect: Dialect, segment: Segment, closed: Piece, encoder: Encoder) -> Piece:
    """VLAN and role or list on the switch; where nothing is named there, the list that grants nothing."""
    confined = _piece(dialect.confined(segment), encoder)
    return confined if dialect.named(segment) else confined + closed


def _piece(attributes: Iterable[Attribute], encoder: Encoder) -> Piece:
    listed = tuple(attributes)
    encoded = _encode(listed, encoder)
    return Piece(listed, encoded, Extent(octets=len(encoded)))


def _encode(attributes: Iterable[Attribute], encoder: Encoder) -> bytes:
    return b"".join(encoder.encode(attribute.name, attribute.value + attribute.end) for attribute in attributes)
