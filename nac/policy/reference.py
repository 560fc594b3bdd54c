"""What a policy means, slow and obvious: the oracle for the data plane's matcher.

Kleene's three values are True, False and None (unknown). Unknown never matches a `place` or an `allow`, and does match
a `reject` or a `forbid`. Nothing here is shared with the data plane's code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import assert_never

from nac.policy.model import (
    All,
    Allow,
    Always,
    Any,
    Comparison,
    Condition,
    Forbid,
    Not,
    PersonaReference,
    Place,
    Policy,
    Reject,
    Rule,
    Value,
)

Facts = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Outcome:
    """A rule that took part and what it did, in the words of the data plane."""

    rule: Rule
    words: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """The decision. `segment` is None for a reject; `rule` is None when nothing matched."""

    segment: str | None
    rule: Rule | None
    grants: tuple[str, ...]
    outcomes: tuple[Outcome, ...]


def decide(policy: Policy, facts: Facts) -> Verdict:
    """Decide; `policy` has passed `check`. Grants come in the order of `order_of_resources`."""
    for rule in policy.rules:
        truth = evaluate(policy, rule.condition, facts)
        if isinstance(rule, Place) and truth is True:
            return _grant(policy, facts, rule)
        if isinstance(rule, Reject) and truth is not False:
            words = "rejected" if truth else "rejected, because a fact it needs is unknown"
            return Verdict(None, rule, (), (Outcome(rule, words),))
    return Verdict(None, None, (), ())


def _grant(policy: Policy, facts: Facts, place: Place) -> Verdict:
    truths = {id(rule): evaluate(policy, rule.condition, facts) for rule in policy.rules}
    allowed = {
        name.text
        for rule in policy.rules
        if isinstance(rule, Allow) and truths[id(rule)] is True
        for name in rule.resources
    }
    forbidden: set[str] = set()
    outcomes = [Outcome(place, "placed")]
    for rule in policy.rules:
        truth = truths[id(rule)]
        if isinstance(rule, Allow) and truth is True:
            outcomes.append(Outcome(rule, "granted"))
        if isinstance(rule, Forbid) and truth is not False:
            hit = {name.text for name in rule.resources} & allowed
            if hit:
                words = "forbade" if truth else "forbade, because a fact it needs is unknown"
                outcomes.append(Outcome(rule, words))
            forbidden |= hit
    granted = tuple(name for name in order_of_resources(policy) if name in allowed - forbidden)
    return Verdict(place.segment.text, place, granted, tuple(outcomes))


def order_of_resources(policy: Policy) -> list[str]:
    """As their lines stand in an access list: as declared, but the internet last, because its lines deny first."""
    ordinary = [resource.name.text for resource in policy.resources if resource.kind.text != "internet"]
    return ordinary + [resource.name.text for resource in policy.resources if resource.kind.text == "internet"]


def evaluate(policy: Policy, condition: Condition, facts: Facts) -> bool | None:
    """True, False, or None for unknown."""
    match condition:
        case Always():
            return True
        case Not(part):
            truth = evaluate(policy, part, facts)
            return None if truth is None else not truth
        case All(parts):
            truths = [evaluate(policy, part, facts) for part in parts]
            return False if False in truths else None if None in truths else True
        case Any(parts):
            truths = [evaluate(policy, part, facts) for part in parts]
            return True if True in truths else None if None in truths else False
        case PersonaReference(name):
            persona = next(persona for persona in policy.personas if persona.name.text == name.text)
            return evaluate(policy, persona.condition, facts)
        case Comparison():
            known = facts.get(condition.fact.text)
            return None if known is None else _compare(condition, known)
        case _:
            assert_never(condition)


def _compare(comparison: Comparison, known: Value) -> bool:
    wanted = comparison.value
    match comparison.operator, known, wanted:
        case "=", bool(), bool():
            return known is wanted
        case "=", str(), str():
            return known.lower() == wanted.lower()
        case "in", str(), tuple():
            return known.lower() in {one.lower() for one in wanted}
        case "matches", str(), str():
            return _fits(wanted.lower(), known.lower())
        case "has", tuple(), str():
            return wanted.lower() in {one.lower() for one in known}
        case operator, int(), int():
            return {
                "=": known == wanted,
                "<": known < wanted,
                "<=": known <= wanted,
                ">": known > wanted,
                ">=": known >= wanted,
            }[operator]
    raise TypeError(f"{comparison.fact.text} {comparison.operator} {wanted!r} passed the checker")


def _fits(pattern: str, text: str) -> bool:
    """Whether `text` fits; `*` stands for any run of characters. By the table of prefixes, quadratic and plain."""
    reachable = [True] + [False] * len(text)
    for character in pattern:
        if character == "*":
            first = reachable.index(True) if True in reachable else len(reachable)
            reachable = [position >= first for position in range(len(reachable))]
        else:
            steps = [reachable[i] and text[i] == character for i in range(len(text))]
            reachable = [False, *steps]
    return reachable[-1]
