"""Postures: does each check exist, does what is asked of it fit its kind, and can the posture be told from the
record?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Final

from nac.policy.facts import fits
from nac.policy.model import (
    Comparison,
    Condition,
    During,
    Name,
    Operator,
    PersonaReference,
    Policy,
    Posture,
    Requirement,
)
from nac.policy.source import Diagnostic, nearest
from nac.policy.walk import leaves, personas_by_use
from nac.posture.checks import CHECKS, Check, CheckKind

RECORD: Final = (
    "device.known",
    "device.name",
    "device.kind",
    "device.owner",
    "device.managed",
    "device.ownership",
    "device.disabled",
    "device.tags",
)
"""What is known of a device when its report comes."""

_NUMBERS: Final = frozenset[Operator](("=", "<", "<=", ">", ">="))
_TEXTS: Final = frozenset[Operator](("=", "in", "matches", ">="))

_REQUIRE: Final[Mapping[CheckKind, frozenset[Operator]]] = {
    "state": frozenset(),
    "number": _NUMBERS,
    "text": _TEXTS,
    "findings": frozenset(),
    "list": frozenset(("in",)),
}
_FORBID: Final[Mapping[CheckKind, frozenset[Operator]]] = {
    "state": frozenset(),
    "number": frozenset(),
    "text": frozenset(("=", "in", "matches")),
    "findings": frozenset(("has", "matches")),
    "list": frozenset(("has", "matches")),
}
_EXAMPLE: Final[Mapping[CheckKind, str]] = {
    "state": "`require {0}`",
    "number": "`require {0} <= 30`",
    "text": '`require {0} >= "6.1"`, `require {0} in ("debian 12", "debian 13")` or `require {0} matches "debian *"`',
    "findings": '`forbid {0}`, or `forbid {0} matches "jupyter*"`',
    "list": '`forbid {0} matches "tcp/0.0.0.0:*"`, or `require {0} in ("root", "alice")`',
}


def check_postures(policy: Policy) -> list[Diagnostic]:
    """Errors in postures, names of personas aside (`nac.policy.check_names`)."""
    return [problem for posture in policy.postures for problem in _check(policy, posture)]


def _check(policy: Policy, posture: Posture) -> Iterator[Diagnostic]:
    for requirement in posture.requirements:
        check = CHECKS.get(requirement.check.text)
        if check is None:
            yield _no_such_check(requirement.check)
        else:
            yield from _fitting(requirement, check)
    if not posture.requirements:
        yield Diagnostic(posture.name.span, f"posture `{posture.name.text}` asks for nothing", "add a `require`")
    yield from _graces(posture)
    yield from _times(posture)
    yield from _on_record(policy, posture)


def _no_such_check(name: Name) -> Diagnostic:
    fix = nearest(name.text, list(CHECKS)) or "`nac posture checks` shows them all"
    return Diagnostic(name.span, f"there is no check `{name.text}`", fix)


def _fitting(requirement: Requirement, check: Check) -> Iterator[Diagnostic]:
    verb = "forbid" if requirement.forbidden else "require"
    fix = "write " + _EXAMPLE[check.kind].format(check.name)
    wanted = requirement.wanted
    if wanted is None:
        if requirement.forbidden and check.kind != "findings":
            yield Diagnostic(requirement.check.span, f"`forbid {check.name}` has no meaning by itself", fix)
    elif wanted.operator not in (_FORBID if requirement.forbidden else _REQUIRE)[check.kind]:
        yield Diagnostic(wanted.fact.span, f"`{verb} {check.name} {wanted.operator}` does not fit this check", fix)
    elif not _value_fits(wanted, check.kind):
        yield Diagnostic(wanted.value_span, f"this value does not fit `{check.name} {wanted.operator}`", fix)


def _value_fits(wanted: Comparison, kind: CheckKind) -> bool:
    if wanted.operator == "in":
        return fits(wanted.value, "set")
    return fits(wanted.value, "integer" if kind == "number" else "text")


def _graces(posture: Posture) -> Iterator[Diagnostic]:
    asked = {requirement.check.text for requirement in posture.requirements}
    seen: set[str] = set()
    for grace in posture.graces:
        for check in grace.checks:
            if check.text not in asked:
                message = f"`{check.text}` is not asked for in posture `{posture.name.text}`"
                yield Diagnostic(check.span, message, nearest(check.text, sorted(asked)))
            elif check.text in seen:
                yield Diagnostic(check.span, f"`{check.text}` has a grace already")
            seen.add(check.text)


def _times(posture: Posture) -> Iterator[Diagnostic]:
    steps = [(word, time) for word in ("fresh", "stale", "unknown") if (time := getattr(posture, word)) is not None]
    for (word, time), (later_word, later) in pairwise(steps):
        if later < time:
            yield Diagnostic(
                posture.name.span, f"`{later_word}` comes before `{word}`", "order them: fresh, stale, unknown"
            )


def _on_record(policy: Policy, posture: Posture) -> Iterator[Diagnostic]:
    """When a report comes, nothing is known but the device's record: no user, no switch, no hour."""
    order, _ = personas_by_use(policy)
    personas = policy.persona_conditions()
    beyond: dict[str, str | None] = {}
    for name in order:
        beyond[name] = _beyond(personas[name], beyond)
    found = _beyond(posture.condition, beyond)
    if found:
        message = f"posture `{posture.name.text}` cannot depend on `{found}`: a report tells of no more than its device"
        yield Diagnostic(posture.name.span, message, f"use {', '.join(RECORD[1:])}")


def _beyond(condition: Condition, personas: Mapping[str, str | None]) -> str | None:
    """The first thing that a condition asks for and no record says."""
    for leaf in leaves(condition):
        match leaf:
            case Comparison(fact) if fact.text not in RECORD:
                return fact.text
            case During(schedule):
                return f"during {schedule.text}"
            case PersonaReference(persona) if found := personas.get(persona.text):
                return found
    return None
