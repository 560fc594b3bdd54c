"""Statements that no facts at all bring to effect, found by the solver where `check_reach` sees nothing plain."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final

from nac.policy.model import Allow, Comparison, Place, Policy, Reject
from nac.policy.solve import Goal, Space, UndecidedError
from nac.policy.source import Diagnostic, Severity, Span
from nac.policy.walk import conditions, leaves

MAX_RULES: Final = 400
"""Rules of a policy that is searched; larger ones would keep whoever runs a check waiting."""

MAX_VALUES: Final = 4_000
"""Values that conditions compare with, for the same reason: a list may have many."""

STEPS: Final = 20_000
"""Bound of one search. What is not decided within it is not told of."""


def check_dead(policy: Policy, told: Collection[Span]) -> list[Diagnostic]:
    """Warnings. `policy` has no errors; `told`: the statements of which something is known already."""
    if len(policy.rules) > MAX_RULES or _values(policy) > MAX_VALUES:
        return []
    try:
        return [one for one in _dead(Space([policy]), policy) if one.span not in told]
    except UndecidedError:
        return []


def _values(policy: Policy) -> int:
    compared = (leaf for condition in conditions(policy) for leaf in leaves(condition))
    values = (leaf.value for leaf in compared if isinstance(leaf, Comparison))
    return sum(len(value) if isinstance(value, tuple) else 1 for value in values)


def _dead(space: Space, policy: Policy) -> Iterator[Diagnostic]:
    accepted: list[Goal] = []
    earlier: list[Goal] = []
    for rule in policy.rules:
        if rule.monitor or not isinstance(rule, Place | Reject):
            continue
        true = space.true(policy, rule.condition)
        matches = true if isinstance(rule, Place) else space.no(space.false(policy, rule.condition))
        if not space.possible(true, steps=STEPS):
            yield _warning(rule.span, "this condition can never hold: its parts rule each other out")
        elif not space.possible(matches, *map(space.no, earlier), steps=STEPS):
            fix = "whatever matches here matches one of the statements above first"
            yield _warning(rule.span, "this statement is never reached", fix)
        if isinstance(rule, Place):
            accepted.append(space.both([matches, *map(space.no, earlier)]))
        earlier.append(matches)
    yield from _without_session(space, policy, space.either(accepted))


def _without_session(space: Space, policy: Policy, accepted: Goal) -> Iterator[Diagnostic]:
    if not space.possible(accepted, steps=STEPS):
        return
    for rule in policy.rules:
        if not isinstance(rule, Allow) or rule.monitor:
            continue
        true = space.true(policy, rule.condition)
        if not space.possible(true, steps=STEPS):
            yield _warning(rule.span, "this condition can never hold: its parts rule each other out")
        elif not space.possible(true, accepted, steps=STEPS):
            fix = "no `place` lets in anyone for whom this `when` holds: add one, or correct it"
            yield _warning(rule.span, "nobody can get this grant", fix)


def _warning(span: Span, message: str, fix: str = "") -> Diagnostic:
    return Diagnostic(span, message, fix, Severity.WARNING)
