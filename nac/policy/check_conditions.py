"""Facts and their types: does each comparison name a fact, and do operator and value fit its kind?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from nac.policy.facts import LATEST, TIME, Fact, FactKind, fits, normal_mac
from nac.policy.model import Comparison, Condition, Name, Never, Operator, Policy, Value
from nac.policy.source import Diagnostic, Span, nearest
from nac.policy.walk import MAX_DEPTH, MAX_SIZE, Extents, leaves, personas_by_use

_OPERATORS: Final[Mapping[FactKind, tuple[Operator, ...]]] = {
    "text": ("=", "in", "matches"),
    "boolean": ("=",),
    "integer": ("=", "<", "<=", ">", ">="),
    "set": ("has",),
}

_EXAMPLE: Final[Mapping[FactKind, str]] = {
    "text": '`{fact} = "{example}"`',
    "boolean": "`{fact}` or `not {fact}`",
    "integer": "`{fact} >= {example}`",
    "set": '`{fact} has "{example}"`',
}

_VALUE_KIND: Final[Mapping[Operator, FactKind]] = {"has": "text", "in": "set", "matches": "text"}


def check_types(policy: Policy, facts: Mapping[str, Fact]) -> list[Diagnostic]:
    """Comparisons, and `given` lines of tests, whose fact, operator or value is wrong."""
    problems: list[Diagnostic] = []
    for condition, _ in _conditions(policy):
        for leaf in leaves(condition):
            if isinstance(leaf, Comparison):
                problems += _check_comparison(leaf, facts)
    for test in policy.tests:
        for given in test.given:
            problems += _check_given(given.fact, given.value, given.value_span, facts)
    return problems


def _conditions(policy: Policy) -> Iterator[tuple[Condition, Span]]:
    for persona in policy.personas:
        yield persona.condition, persona.name.span
    for posture in policy.postures:
        yield posture.condition, posture.name.span
    for rule in policy.rules:
        yield rule.condition, rule.span
    for invariant in policy.invariants:
        if isinstance(invariant, Never):
            yield invariant.condition, invariant.span


def _check_comparison(comparison: Comparison, facts: Mapping[str, Fact]) -> list[Diagnostic]:
    fact = facts.get(comparison.fact.text)
    if fact is None:
        return [_no_such_fact(comparison.fact, facts)]
    example = _EXAMPLE[fact.kind].format(fact=fact.name, example=fact.example)
    bare = comparison.value is True and comparison.value_span == comparison.fact.span
    if bare and fact.kind != "boolean":
        message = f"`{fact.name}` is of kind {fact.kind} and no condition by itself"
        return [Diagnostic(comparison.fact.span, message, f"write {example}")]
    if comparison.operator not in _OPERATORS[fact.kind]:
        message = f"`{comparison.operator}` does not fit `{fact.name}`, which is of kind {fact.kind}"
        return [Diagnostic(comparison.fact.span, message, f"write {example}")]
    wanted = _VALUE_KIND.get(comparison.operator, fact.kind)
    if not fits(comparison.value, wanted):
        message = f"`{fact.name}` is of kind {fact.kind}; this value is not"
        return [Diagnostic(comparison.value_span, message, f"write {example}")]
    return _check_mac(fact, comparison)


def _check_mac(fact: Fact, comparison: Comparison) -> list[Diagnostic]:
    if fact.name != "mac" or comparison.operator == "matches":
        return []
    values = comparison.value if isinstance(comparison.value, tuple) else (str(comparison.value),)
    wrong = [value for value in values if normal_mac(value) is None][:1]
    return [
        Diagnostic(comparison.value_span, f'"{value}" is not a MAC address', "write it like 00-11-22-33-44-55")
        for value in wrong
    ]


def _check_given(name: Name, value: Value, span: Span, facts: Mapping[str, Fact]) -> list[Diagnostic]:
    fact = facts.get(name.text)
    if fact is None:
        return [_no_such_fact(name, facts)]
    if fact.name == TIME and isinstance(value, int) and not 0 <= value < LATEST:
        return [Diagnostic(span, "a moment lies between 1970 and 9998", 'write it like "2026-03-29T02:30+01:00"')]
    if fits(value, fact.kind):
        return []
    example = _EXAMPLE[fact.kind].format(fact=fact.name, example=fact.example).replace(">=", "=")
    return [Diagnostic(span, f"`{fact.name}` is of kind {fact.kind}; this value is not", f"write {example}")]


def _no_such_fact(name: Name, facts: Mapping[str, Fact]) -> Diagnostic:
    fix = nearest(name.text, list(facts)) or "`nac policy facts` lists every fact"
    return Diagnostic(name.span, f"there is no fact `{name.text}`", fix)


def check_extents(policy: Policy) -> list[Diagnostic]:
    """Conditions too large for the data plane. Every persona is declared and none leads to itself."""
    order, too_far = personas_by_use(policy)
    if too_far:
        message = f"this persona leads through more than {MAX_DEPTH} others"
        return [Diagnostic(one.name.span, message) for one in policy.personas if one.name.text in too_far]
    extents = Extents(policy, order)
    message = f"with its personas written out this nests deeper than {MAX_DEPTH} or has more than {MAX_SIZE} parts"
    return [Diagnostic(span, message) for condition, span in _conditions(policy) if extents.of(condition).too_large]
