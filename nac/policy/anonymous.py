"""Whether a condition can hold for someone of whom nothing is known: the test for an `allow` that forgot to ask who.

The anonymous one matches no comparison of an identity fact: such a comparison is False or unknown, an identity flag is
False; every other fact may be anything. A condition is then a set of possible truth values.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, assert_never

from nac.policy.facts import Fact
from nac.policy.model import All, Always, Any, Comparison, Condition, Not, PersonaReference, Policy

_Truths = frozenset[bool | None]

_ANY: Final[_Truths] = frozenset({True, False, None})
_NO_MATCH: Final[_Truths] = frozenset({False, None})


def grants_anyone(policy: Policy, condition: Condition, facts: Mapping[str, Fact]) -> bool:
    """True when the condition may hold for the anonymous one."""
    return True in _truths(policy, condition, facts)


def _truths(policy: Policy, condition: Condition, facts: Mapping[str, Fact]) -> _Truths:
    match condition:
        case Always():
            return frozenset({True})
        case Comparison():
            return _of_comparison(condition, facts[condition.fact.text])
        case PersonaReference(name):
            persona = next(persona for persona in policy.personas if persona.name.text == name.text)
            return _truths(policy, persona.condition, facts)
        case Not(part):
            return frozenset(None if truth is None else not truth for truth in _truths(policy, part, facts))
        case All(parts):
            return _joined([_truths(policy, part, facts) for part in parts], settled=False)
        case Any(parts):
            return _joined([_truths(policy, part, facts) for part in parts], settled=True)
        case _:
            assert_never(condition)


def _of_comparison(comparison: Comparison, fact: Fact) -> _Truths:
    if not fact.identity:
        return _ANY
    if fact.kind == "boolean":
        return frozenset({comparison.value is False})
    return _NO_MATCH


def _joined(parts: list[_Truths], *, settled: bool) -> _Truths:
    """`and` is settled by False, `or` by True; each combination of the parts' values is possible."""
    possible: _Truths = frozenset({not settled})
    for part in parts:
        possible = frozenset(
            settled if settled in (one, other) else None if None in (one, other) else not settled
            for one in possible
            for other in part
        )
    return possible
