"""Which combinations of patterns can one text fit, and a text for each: `*` stands for any run of characters.

All patterns run side by side over a text, one bit for each place that one of them can have come to. The reachable sets
of bits are searched breadth first over the characters that the patterns name and one that none names, so the answer is
complete, and each text is a shortest one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

MAX_STATES: Final = 50_000
"""Reachable sets of bits that are looked at. A thousand prefixes of ten characters need ten thousand."""

_UNNAMED: Final = "x1y2zabcdefghijklmnopqrstuvw0345789_-. "


class TooManyCombinationsError(Exception):
    """The patterns of one fact combine in more ways than can be looked at."""


@dataclass(frozen=True, slots=True)
class Shape:
    """Texts of a fixed length: the characters allowed at each position."""

    positions: tuple[str, ...]


class Globs:
    """Patterns in lower case, run side by side. `head`: judge only that many first characters of a text."""

    def __init__(self, patterns: Sequence[str], *, head: int | None = None) -> None:
        self._head = head
        self._start = self._stars = 0
        self._accepting: list[int] = []
        self._by_character: dict[str, int] = {}
        bit = 0
        for pattern in patterns:
            self._start |= 1 << bit
            for character in pattern.lower():
                if character == "*":
                    self._stars |= 1 << bit
                else:
                    self._by_character[character] = self._by_character.get(character, 0) | 1 << bit
                    bit += 1
            self._accepting.append(1 << bit)
            bit += 1

    @property
    def start(self) -> int:
        """The state before the first character."""
        return self._start

    @property
    def characters(self) -> Collection[str]:
        """The characters that the patterns name."""
        return self._by_character.keys()

    def after(self, state: int, character: str, position: int) -> int:
        """The state after one more character, which stands at `position`."""
        if self._head is not None and position >= self._head:
            return state
        return (state & self._by_character.get(character, 0)) << 1 | state & self._stars

    def fitting(self, state: int) -> frozenset[int]:
        """The patterns that a text ending in this state fits, by their index."""
        return frozenset(index for index, bit in enumerate(self._accepting) if state & bit)

    def of(self, text: str) -> frozenset[int]:
        """The patterns that `text`, in lower case, fits."""
        state = self._start
        for position, character in enumerate(text):
            state = self.after(state, character, position)
        return self.fitting(state)


def combinations(
    whole: Sequence[str], head: Sequence[str], *, head_length: int, shape: Shape | None, apart_from: Collection[str]
) -> Mapping[tuple[frozenset[int], frozenset[int]], str]:
    """For every combination of `whole` and `head` patterns that a text outside `apart_from` can fit: such a text.

    `head` patterns are held against the first `head_length` characters. Raises `TooManyCombinationsError`.
    """
    excluded: list[str] = []
    while True:
        found = _search(Globs([*whole, *excluded]), Globs(head, head=head_length), shape)
        kept = {
            (fits, fits_head): text
            for (fits, fits_head), text in found.items()
            if all(index < len(whole) for index in fits)
        }
        met = [text for text in kept.values() if text in apart_from]
        if not met:
            return kept
        excluded += met
        if len(excluded) > MAX_STATES // 16:
            raise TooManyCombinationsError


def _search(whole: Globs, head: Globs, shape: Shape | None) -> dict[tuple[frozenset[int], frozenset[int]], str]:
    named = {*whole.characters, *head.characters}
    found: dict[tuple[frozenset[int], frozenset[int]], str] = {}
    queue = deque([("", whole.start, head.start)])
    seen = {(0, whole.start, head.start)}
    while queue:
        text, state, head_state = queue.popleft()
        position = len(text)
        if shape is None or position == len(shape.positions):
            found.setdefault((whole.fitting(state), head.fitting(head_state)), text)
        if shape is not None and position == len(shape.positions):
            continue
        for character in _characters(named, shape.positions[position] if shape else None):
            after = whole.after(state, character, position), head.after(head_state, character, position)
            key = (position + 1 if shape or head.characters else 0, *after)
            if key not in seen:
                seen.add(key)
                queue.append((text + character, *after))
        if len(seen) > MAX_STATES:
            raise TooManyCombinationsError
    return found


def _characters(named: Collection[str], allowed: str | None) -> list[str]:
    """Those that patterns name, and one that stands for all others."""
    others = _UNNAMED if allowed is None else allowed
    other = next((one for one in others if one not in named), None)
    choices = sorted(named) if allowed is None else [one for one in allowed if one in named]
    if other is None and allowed is None:
        other = next(chr(point) for point in range(0x100, 0x110000) if chr(point) not in named)
    return choices if other is None else [other, *choices]
