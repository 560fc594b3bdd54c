"""Statements that never take effect: because of one before them, or because their condition cannot hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator
from typing import Final

from nac.policy.contradiction import Needs, Reader
from nac.policy.model import Allow, Always, Forbid, Place, Policy, Reject, Rule
from nac.policy.source import Diagnostic, Severity, Span

MAX_PAIRS: Final = 4_000_000
"""Comparisons of an `allow` with a `place` before the search for grants that nobody gets is given up."""

_Decisive = tuple[Place | Reject, Needs]


def check_reach(policy: Policy) -> list[Diagnostic]:
    """Errors for what stands behind an unconditional statement, warnings for the rest. Names and types are sound."""
    reader = Reader(policy.persona_conditions())
    needs = [reader.needs(rule.condition) for rule in policy.rules]
    conflicts = [one.conflict() for one in needs]
    sound = [
        (rule, need)
        for rule, need, conflict in zip(policy.rules, needs, conflicts, strict=True)
        if conflict is None and not rule.monitor
    ]
    return [
        *_contradictory(policy, reader, conflicts),
        *_behind_unconditional(policy),
        *_covered([(rule, need) for rule, need in sound if isinstance(rule, Place | Reject)]),
        *_without_place(sound),
        *_always_removed(policy),
    ]


def _contradictory(policy: Policy, reader: Reader, conflicts: list[str | None]) -> Iterator[Diagnostic]:
    for persona in policy.personas:
        if conflict := reader.needs(persona.condition).conflict():
            yield _warning(persona.name.span, f"persona `{persona.name.text}` can never hold: {conflict}")
    for rule, conflict in zip(policy.rules, conflicts, strict=True):
        if conflict:
            yield _warning(rule.span, f"this condition can never hold: {conflict}")


def _behind_unconditional(policy: Policy) -> Iterator[Diagnostic]:
    last: Place | Reject | None = None
    for rule in policy.rules:
        if not isinstance(rule, Place | Reject):
            continue
        if last is not None:
            fix = f"the statement at {last.span} has no `when` and always matches first"
            yield Diagnostic(rule.span, "this statement is never reached", fix)
        elif isinstance(rule.condition, Always) and not rule.monitor:
            last = rule


def _covered(rules: list[_Decisive]) -> Iterator[Diagnostic]:
    """A statement whose condition needs all that an earlier one needs, and more, comes too late. The earlier one is
    looked up by the part of its condition that the fewest others have.

    A `reject` also matches where a fact is unknown, which an earlier `place` does not: it may still take effect.
    """
    uses = Counter(part for _, needs in rules for part in needs.parts)
    earlier: dict[Hashable, list[_Decisive]] = {}
    for rule, needs in rules:
        candidates = (one for part in needs.parts for one in earlier.get(part, ()))
        first = next((one for one in candidates if _covers(one, (rule, needs))), None)
        if first is not None:
            fix = f"whatever matches here matches at {first[0].span} first"
            yield _warning(rule.span, "this statement is never reached", fix)
        elif needs.parts:
            earlier.setdefault(min(needs.parts, key=lambda part: uses[part]), []).append((rule, needs))


def _covers(earlier: _Decisive, later: _Decisive) -> bool:
    if isinstance(later[0], Reject) and isinstance(earlier[0], Place):
        return False
    return earlier[1].parts <= later[1].parts


def _without_place(rules: list[tuple[Rule, Needs]]) -> Iterator[Diagnostic]:
    """An `allow` that contradicts every `place`: nobody who is let in gets it."""
    places = [needs for rule, needs in rules if isinstance(rule, Place)]
    allows = [(rule, needs) for rule, needs in rules if isinstance(rule, Allow)]
    if not places or len(places) * len(allows) > MAX_PAIRS:
        return
    fix = "no `place` can hold together with this `when`: add one, or correct it"
    for rule, needs in allows:
        if all(needs.contradicts(place) for place in places):
            yield _warning(rule.span, "nobody can get this grant", fix)


def _always_removed(policy: Policy) -> Iterator[Diagnostic]:
    removed: dict[str, Span] = {}
    for rule in policy.rules:
        if isinstance(rule, Forbid) and isinstance(rule.condition, Always) and not rule.monitor:
            removed |= {name.text: rule.span for name in rule.resources}
    for rule in policy.rules:
        if isinstance(rule, Allow):
            for name in rule.resources:
                if name.text in removed:
                    fix = f"the `forbid` at {removed[name.text]} has no `when` and always removes it"
                    yield _warning(name.span, f"nobody can reach `{name.text}`", fix)


def _warning(span: Span, message: str, fix: str = "") -> Diagnostic:
    return Diagnostic(span, message, fix, Severity.WARNING)
