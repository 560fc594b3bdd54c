"""What a condition plainly needs, and whether two conditions can plainly not hold together.

Only what is joined by `and` is looked at, so "they may hold together" is always a safe answer, and a wrong one now and
then. `nac.policy.solve` knows better and takes longer.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import assert_never

from nac.policy.model import All, Always, Any, Comparison, Condition, During, Not, PersonaReference

Values = frozenset[str | bool | int]


@dataclass(slots=True)
class Needs:
    """What has to be true for a condition to hold.

    `parts`: the parts joined by `and`, as keys without their places. `values`: facts tied to a few values, texts in
    lower case. `ranges`: integer facts with their least and their largest value, None where there is no bound.
    """

    parts: set[Hashable] = field(default_factory=set)
    values: dict[str, Values] = field(default_factory=dict)
    ranges: dict[str, tuple[int | None, int | None]] = field(default_factory=dict)

    def conflict(self) -> str | None:
        """What cannot be, in words; None when nothing plainly stands against it."""
        for fact, values in self.values.items():
            if not values:
                return f"`{fact}` would need two values at once"
        for fact, (least, largest) in self.ranges.items():
            if least is not None and largest is not None and least > largest:
                return f"`{fact}` would have to be at least {least} and at most {largest}"
        if any(("not", part) in self.parts for part in self.parts):
            return "it asks for something and for its opposite"
        return None

    def contradicts(self, other: Needs) -> bool:
        """Whether both can plainly not hold together."""
        smaller, larger = sorted((self, other), key=lambda one: len(one.parts))
        return (
            any(fact in larger.values and values.isdisjoint(larger.values[fact])
                for fact, values in smaller.values.items())
            or any(("not", part) in larger.parts or _negated(part) in larger.parts for part in smaller.parts)
            or any(_apart(span, larger.ranges[fact]) for fact, span in smaller.ranges.items() if fact in larger.ranges)
        )  # fmt: skip


class Reader:
    """Reads the needs of conditions of one policy. `personas`: `Policy.persona_conditions`, none of them circular."""

    def __init__(self, personas: Mapping[str, Condition]) -> None:
        self._personas = personas
        self._keys: dict[str, Hashable] = {}

    def needs(self, condition: Condition) -> Needs:
        """What has to be true for `condition` to hold."""
        needs = Needs()
        self._collect(condition, needs)
        return needs

    def _collect(self, condition: Condition, needs: Needs) -> None:
        match condition:
            case Always():
                return
            case All(parts):
                for part in parts:
                    self._collect(part, needs)
                return
            case PersonaReference(name):
                self._collect(self._personas[name.text], needs)
                return
            case Not(Comparison(fact, "=", bool() as value)):
                _tie(needs, fact.text, frozenset({not value}))
            case Not(Comparison(fact, operator, int() as number)):
                _bound(needs, fact.text, _OPPOSITE.get(operator, ""), number)
            case Comparison(fact, "=", bool() as value):
                _tie(needs, fact.text, frozenset({value}))
            case Comparison(fact, "=", str() as text):
                _tie(needs, fact.text, frozenset({text.lower()}))
            case Comparison(fact, "in", tuple() as texts):
                _tie(needs, fact.text, frozenset(text.lower() for text in texts))
            case Comparison(fact, operator, int() as number):
                _bound(needs, fact.text, operator, number)
            case _:
                pass
        needs.parts.add(self.key(condition))

    def key(self, condition: Condition) -> Hashable:
        """The same for conditions that say the same in the same words, wherever they stand and in whichever order."""
        match condition:
            case Always():
                return "always"
            case Comparison(fact, operator, value):
                return fact.text, operator, value.lower() if isinstance(value, str) else value
            case During(schedule):
                return "during", schedule.text
            case Not(part):
                return "not", self.key(part)
            case All(parts):
                return "and", frozenset(self.key(part) for part in parts)
            case Any(parts):
                return "or", frozenset(self.key(part) for part in parts)
            case PersonaReference(name):
                if name.text not in self._keys:
                    self._keys[name.text] = self.key(self._personas[name.text])
                return self._keys[name.text]
            case _:
                assert_never(condition)


_OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}


def _tie(needs: Needs, fact: str, values: Values) -> None:
    needs.values[fact] = needs.values[fact] & values if fact in needs.values else values


def _bound(needs: Needs, fact: str, operator: str, number: int) -> None:
    least, largest = needs.ranges.get(fact, (None, None))
    if operator in ("=", ">", ">="):
        bound = number + (operator == ">")
        least = bound if least is None else max(least, bound)
    if operator in ("=", "<", "<="):
        bound = number - (operator == "<")
        largest = bound if largest is None else min(largest, bound)
    needs.ranges[fact] = least, largest


def _apart(one: tuple[int | None, int | None], other: tuple[int | None, int | None]) -> bool:
    least = max((bound for bound in (one[0], other[0]) if bound is not None), default=None)
    largest = min((bound for bound in (one[1], other[1]) if bound is not None), default=None)
    return least is not None and largest is not None and least > largest


def opposed(conditions: Iterable[Needs]) -> frozenset[Hashable]:
    """The parts of these conditions whose opposite is a part of some of them: no other part can ever contradict."""
    parts = frozenset(part for needs in conditions for part in needs.parts)
    return frozenset(part for part in parts if ("not", part) in parts or _negated(part) in parts)


def _negated(part: Hashable) -> Hashable:
    """What stands inside a `not`; nothing that can be a part otherwise."""
    return part[1] if isinstance(part, tuple) and len(part) == 2 and part[0] == "not" else None
