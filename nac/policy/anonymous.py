"""Whether a condition can hold for someone of whom nothing is known: the test for an `allow` that forgot to ask who.

The anonymous one matches no comparison of an identity fact: such a comparison is False or unknown, an identity flag is
False; every other fact may be anything. A condition is then a set of possible truth values.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, assert_never

from nac.policy.facts import Fact
from nac.policy.model import All, Always, Any, Comparison, Condition, During, Not, PersonaReference, Policy

_Truths = frozenset[bool | None]

_ANY: Final[_Truths] = frozenset({True, False, None})
_NO_MATCH: Final[_Truths] = frozenset({False, None})


class Anonymous:
    """Evaluates the conditions of one policy for the anonymous one; each persona once."""

    def __init__(self, policy: Policy, facts: Mapping[str, Fact]) -> None:
        self._conditions = policy.persona_conditions()
        self._personas: dict[str, _Truths] = {}
        self._facts = facts

    def may_match(self, condition: Condition) -> bool:
        """True when the condition may hold for the anonymous one."""
        return True in self._truths(condition)

    def _truths(self, condition: Condition) -> _Truths:
        match condition:
            case Always():
                return frozenset({True})
            case Comparison():
                return _of_comparison(condition, self._facts[condition.fact.text])
            case During():
                return _ANY
            case PersonaReference(name):
                if name.text not in self._personas:
                    self._personas[name.text] = self._truths(self._conditions[name.text])
                return self._personas[name.text]
            case Not(part):
                return frozenset(None if truth is None else not truth for truth in self._truths(part))
            case All(parts):
                return _joined([self._truths(part) for part in parts], settled=False)
            case Any(parts):
                return _joined([self._truths(part) for part in parts], settled=True)
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
