"""Lays out, for one dialect, the pieces from which the data plane puts a reply together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Protocol

from nac.enforcement.access_list import AFTER, BEFORE, AccessLine, lines_of
from nac.enforcement.budget import Extent
from nac.enforcement.vendor import Attribute, Dialect
from nac.policy.model import Resource, Segment


class Encoder(Protocol):
    """`nac._dataplane.Dictionary`."""

    def encode(self, name: str, value: str, *, tag: int = 0) -> bytes:
        """One attribute as it stands on the wire."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Attributes in order, their octets, and what they use up."""

    attributes: tuple[Attribute, ...]
    encoded: bytes
    extent: Extent


@dataclass(frozen=True, slots=True)
class Layout:
    """Everything one dialect needs: a reply is a segment, `before`, the granted resources in order, `after`."""

    dialect: Dialect
    before: Piece
    after: Piece
    segments: Mapping[str, Piece] = field(default_factory=dict)
    resources: Mapping[str, Piece] = field(default_factory=dict)

    def extent(self, segment: str, resources: Iterable[str]) -> Extent:
        """What the reply for that segment with those grants uses up."""
        pieces = (self.segments[segment], self.before, *(self.resources[name] for name in resources), self.after)
        return sum((piece.extent for piece in pieces), Extent())


def lay_out(dialect: Dialect, segments: Sequence[Segment], resources: Sequence[Resource], encoder: Encoder) -> Layout:
    """Number and encode. `resources` in the order in which their lines stand in a list, so that numbers grow in every
    reply. Raises `nac._dataplane.DictionaryError` where a value does not fit its attribute.
    """
    numbers = count(1)

    def listed(lines: Sequence[AccessLine]) -> Piece:
        if not dialect.in_line:
            return Piece((), b"", Extent())
        attributes = tuple(dialect.line(line, next(numbers)) for line in lines)
        characters = sum(len(attribute.value) for attribute in attributes)
        encoded = _encode(attributes, encoder)
        return Piece(attributes, encoded, Extent(len(encoded), len(attributes), characters))

    before = listed(BEFORE)
    granted = {resource.name.text: listed(lines_of(resource, resources)) for resource in resources}
    after = listed(AFTER)
    placed = {segment.name.text: _segment(dialect, segment, encoder) for segment in segments}
    return Layout(dialect, before, after, placed, granted)


def _segment(dialect: Dialect, segment: Segment, encoder: Encoder) -> Piece:
    attributes = tuple(dialect.segment(segment))
    encoded = _encode(attributes, encoder)
    return Piece(attributes, encoded, Extent(octets=len(encoded)))


def _encode(attributes: Iterable[Attribute], encoder: Encoder) -> bytes:
    return b"".join(encoder.encode(attribute.name, attribute.value + attribute.end) for attribute in attributes)
