"""Invariants, proved over all facts: `never SUBJECT reaches ...` and `only SUBJECT reaches ...`.

A violation is told with a session for which it fails: who, with which device, in which state, where and when, a flow
that is open, and the rules that open it. What could not be decided within the bounds is an error too.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final, assert_never

from nac.policy import reference
from nac.policy.in_words import facts_in_words, lines
from nac.policy.model import Allow, Invariant, Never, Only, Place, Policy, Value
from nac.policy.sessions import Sessions, Way
from nac.policy.solve import Goal, Space, UndecidedError
from nac.policy.source import Diagnostic

_FURTHER: Final = "\n      = "
"""A further line under a diagnostic, as `Diagnostic.render` sets the first."""


def check_invariants(policy: Policy, *, today: date | None = None) -> list[Diagnostic]:
    """An error for each invariant that does not hold. `policy` has passed `check`; `today`: as in `Space`."""
    if not policy.invariants:
        return []
    try:
        space = Space([policy], today=today)
    except UndecidedError as error:
        return [_undecided(invariant, error) for invariant in policy.invariants]
    sessions = Sessions(space, policy)
    return [found for one in policy.invariants for found in _violations(space, sessions, policy, one)]


def _violations(space: Space, sessions: Sessions, policy: Policy, invariant: Invariant) -> list[Diagnostic]:
    """At most one: a session that reaches one of the resources."""
    wrong = _wrong(space, sessions, policy, invariant)
    reaches = {name.text: sessions.reaches(name.text) for name in invariant.resources}
    try:
        if not space.possible(wrong, space.either(reaches.values())):
            return []
        reached = next(name for name, goal in reaches.items() if space.holds(goal))
        facts = space.satisfy(wrong, reaches[reached])
    except UndecidedError as error:
        return [_undecided(invariant, error)]
    assert facts is not None  # noqa: S101 - `possible` has just said so
    return [_violation(policy, sessions, invariant, facts, reached, space.asked)]


def _wrong(space: Space, sessions: Sessions, policy: Policy, invariant: Invariant) -> Goal:
    """The sessions that must not reach the resources. What is not known in `when` counts, as it does in a `forbid`."""
    subject = sessions.subject(invariant.subject)
    match invariant:
        case Never():
            return space.both([subject, space.no(space.false(policy, invariant.condition))])
        case Only():
            return space.both([sessions.accepted, space.no(subject)])
        case _:
            assert_never(invariant)


def _violation(
    policy: Policy,
    sessions: Sessions,
    invariant: Invariant,
    facts: Mapping[str, Value],
    reached: str,
    asked: frozenset[str],
) -> Diagnostic:
    verdict = reference.decide(policy, facts)
    way = next(way for way in sessions.ways(reached) if way.granted in verdict.grants)
    rules = [
        f"{outcome.rule.span.location}: {outcome.rule.label}"
        for outcome in verdict.outcomes
        if outcome.rule is verdict.rule or _grants(outcome.rule, way)
    ]
    who = "a session of this subject" if isinstance(invariant, Never) else "a session of someone else"
    message = f"this invariant does not hold: {who} reaches `{reached}`"
    through = "" if way.granted == reached else f" through `{way.granted}`"
    shown = [*lines(facts_in_words(facts, asked)), f"opens {way.flow}{through} in segment {verdict.segment}", *rules]
    return Diagnostic(invariant.span, message, _FURTHER.join(shown))


def _grants(rule: object, way: Way) -> bool:
    return (
        isinstance(rule, Allow) and not rule.monitor and any(name.text == way.granted for name in rule.resources)
    ) or (isinstance(rule, Place) and not rule.monitor)


def _undecided(invariant: Invariant, error: UndecidedError) -> Diagnostic:
    fix = "simplify the conditions that lead to these resources, or use fewer patterns with several `*`"
    return Diagnostic(invariant.span, f"this invariant could not be proved: {error}", fix)
