"""Going through conditions: their comparisons, the personas they use, their size once personas are written out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, assert_never

from nac.policy.model import All, Always, Any, Comparison, Condition, Not, PersonaReference, Policy

MAX_DEPTH: Final = 64
MAX_SIZE: Final = 16_384
"""Bounds of one compiled condition; the data plane has the same (`tests/policy/test_bounds.py`)."""


def leaves(condition: Condition) -> Iterator[Comparison | PersonaReference]:
    """Every comparison and every use of a persona, from left to right."""
    match condition:
        case Comparison() | PersonaReference():
            yield condition
        case Not(part):
            yield from leaves(part)
        case All(parts) | Any(parts):
            for part in parts:
                yield from leaves(part)
        case Always():
            pass
        case _:
            assert_never(condition)


def personas_in(condition: Condition) -> Iterator[PersonaReference]:
    """The uses of personas, not those inside of them."""
    return (leaf for leaf in leaves(condition) if isinstance(leaf, PersonaReference))


@dataclass(frozen=True, slots=True)
class Extent:
    """How deep and how large a condition is, as the data plane counts: `in` counts each value."""

    depth: int
    size: int

    @property
    def too_large(self) -> bool:
        return self.depth > MAX_DEPTH or self.size > MAX_SIZE


class Extents:
    """Extents of conditions of one policy, each persona measured once. The personas have no circle."""

    def __init__(self, policy: Policy) -> None:
        self._conditions = {persona.name.text: persona.condition for persona in policy.personas}
        self._measured: dict[str, Extent] = {}

    def of(self, condition: Condition) -> Extent:
        """The extent of a condition with its personas written out."""
        match condition:
            case Always():
                return Extent(1, 1)
            case Comparison():
                return Extent(1, max(1, len(condition.value)) if isinstance(condition.value, tuple) else 1)
            case PersonaReference(name):
                if name.text not in self._measured:
                    self._measured[name.text] = self.of(self._conditions[name.text])
                return self._measured[name.text]
            case Not(part):
                return self._around((part,))
            case All(parts) | Any(parts):
                return self._around(parts)
            case _:
                assert_never(condition)

    def _around(self, parts: tuple[Condition, ...]) -> Extent:
        inner = [self.of(part) for part in parts]
        return Extent(1 + max(one.depth for one in inner), 1 + sum(one.size for one in inner))
