"""Whether two conditions can plainly not hold together. Used for bounds, so `False` is always a safe answer."""

from __future__ import annotations

from collections.abc import Mapping

from nac.policy.model import All, Comparison, Condition, Not, PersonaReference

Wanted = dict[str, frozenset[str | bool | int]]


def wanted_values(personas: Mapping[str, Condition], condition: Condition) -> Wanted:
    """For each fact that the condition ties to a few values by `and`: those values, in lower case.

    An empty set of values means that the condition can never hold. `personas`: `Policy.persona_conditions`.
    """
    wanted: Wanted = {}
    _collect(personas, condition, wanted)
    return wanted


def _collect(personas: Mapping[str, Condition], condition: Condition, wanted: Wanted) -> None:
    match condition:
        case All(parts):
            for part in parts:
                _collect(personas, part, wanted)
        case PersonaReference(name):
            _collect(personas, personas[name.text], wanted)
        case Not(Comparison(fact, "=", bool() as value)):
            _narrow(wanted, fact.text, frozenset({not value}))
        case Comparison(fact, "=", bool() | int() as value):
            _narrow(wanted, fact.text, frozenset({value}))
        case Comparison(fact, "=", str() as text):
            _narrow(wanted, fact.text, frozenset({text.lower()}))
        case Comparison(fact, "in", tuple() as texts):
            _narrow(wanted, fact.text, frozenset(text.lower() for text in texts))
        case _:
            pass


def _narrow(wanted: Wanted, fact: str, values: frozenset[str | bool | int]) -> None:
    wanted[fact] = wanted[fact] & values if fact in wanted else values


def contradict(one: Wanted, other: Wanted) -> bool:
    """Whether some fact would need two values at once."""
    smaller, larger = sorted((one, other), key=len)
    return any(fact in larger and values.isdisjoint(larger[fact]) for fact, values in smaller.items())
