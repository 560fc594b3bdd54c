"""Going through conditions: their comparisons, the personas they use, their size once personas are written out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, assert_never

from nac.policy.model import All, Always, Any, Comparison, Condition, During, Never, Not, PersonaReference, Policy

MAX_DEPTH: Final = 64
MAX_SIZE: Final = 16_384
"""Bounds of one condition with its personas written out. `tests/policy/test_policy_bounds.py` holds them against those
of the data plane.
"""


def leaves(condition: Condition) -> Iterator[Comparison | PersonaReference | During]:
    """Every comparison and every use of a persona or schedule, from left to right."""
    match condition:
        case Comparison() | PersonaReference() | During():
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


def conditions(policy: Policy) -> Iterator[Condition]:
    """Every condition that stands in the policy."""
    yield from (persona.condition for persona in policy.personas)
    yield from (posture.condition for posture in policy.postures)
    yield from (rule.condition for rule in policy.rules)
    yield from (invariant.condition for invariant in policy.invariants if isinstance(invariant, Never))


def personas_in(condition: Condition) -> Iterator[PersonaReference]:
    """The uses of personas, not those inside of them."""
    return (leaf for leaf in leaves(condition) if isinstance(leaf, PersonaReference))


def facts_in(policy: Policy, condition: Condition) -> Iterator[str]:
    """The facts that a condition asks for, its personas written out; a schedule asks for the time."""
    for leaf in leaves(condition):
        if isinstance(leaf, Comparison):
            yield leaf.fact.text
        elif isinstance(leaf, During):
            yield "time"
        else:
            used = next(persona for persona in policy.personas if persona.name.text == leaf.persona.text)
            yield from facts_in(policy, used.condition)


def personas_by_use(policy: Policy) -> tuple[list[str], list[str]]:
    """The personas in an order in which each comes after those it uses, and those that have no such place: they lead
    to themselves, to a persona that is not declared, or through more than `MAX_DEPTH` others.
    """
    waiting = {
        name: {use.persona.text for use in personas_in(condition)}
        for name, condition in policy.persona_conditions().items()
    }
    order: list[str] = []
    for _ in range(MAX_DEPTH):
        free = [name for name, uses in waiting.items() if not uses]
        order += free
        for name in free:
            del waiting[name]
        for uses in waiting.values():
            uses.difference_update(free)
    return order, list(waiting)


@dataclass(frozen=True, slots=True)
class Extent:
    """How deep and how large a condition is: a comparison counts one whatever its values, a persona is one level."""

    depth: int
    size: int

    @property
    def too_large(self) -> bool:
        return self.depth > MAX_DEPTH or self.size > MAX_SIZE


def as_has_any(parts: tuple[Condition, ...]) -> tuple[str, tuple[str, ...]] | None:
    """(fact, members) when the parts of an `or` all ask the same set for one member each: one comparison for the data
    plane. None otherwise.
    """
    members = [
        (part.fact.text, part.value)
        for part in parts
        if isinstance(part, Comparison) and part.operator == "has" and isinstance(part.value, str)
    ]
    facts = {fact for fact, _ in members}
    if len(members) != len(parts) or len(facts) != 1:
        return None
    return facts.pop(), tuple(member for _, member in members)


class Extents:
    """Extents of conditions of one policy, personas written out. `order`: from `personas_by_use`."""

    def __init__(self, policy: Policy, order: list[str]) -> None:
        conditions = policy.persona_conditions()
        self._personas: dict[str, Extent] = {}
        for name in order:
            self._personas[name] = self.of(conditions[name])

    def of(self, condition: Condition) -> Extent:
        """The extent of a condition that uses only known personas."""
        match condition:
            case Always() | During() | Comparison():
                return Extent(1, 1)
            case PersonaReference(name):
                persona = self._personas[name.text]
                return Extent(1 + persona.depth, persona.size)
            case Not(part):
                return self._around((part,))
            case Any(parts) if as_has_any(parts):
                return Extent(1, 1)
            case All(parts) | Any(parts):
                return self._around(parts)
            case _:
                assert_never(condition)

    def _around(self, parts: tuple[Condition, ...]) -> Extent:
        inner = [self.of(part) for part in parts]
        return Extent(1 + max(one.depth for one in inner), 1 + sum(one.size for one in inner))
