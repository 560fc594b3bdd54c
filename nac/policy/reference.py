"""What a policy means, slow and obvious: the oracle for the data plane's matcher.

Kleene's three values are True, False and None (unknown). Unknown never matches a `place` or an `allow`, and does match
a `reject` or a `forbid`. A rule in `mode monitor` takes no part; what it would have done is told beside the decision.
Nothing here is shared with the data plane's code: schedules are read off the clock of their zone, moment by moment.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import assert_never
from zoneinfo import ZoneInfo

from nac.policy.model import (
    All,
    Allow,
    Always,
    Any,
    Comparison,
    Condition,
    During,
    Forbid,
    Not,
    PersonaReference,
    Place,
    Policy,
    Reject,
    Rule,
    Schedule,
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
    """The decision. `segment` is None for a reject; `rule` is None when nothing matched. `outcomes`: the rule
    that decided, then all others that took part, in their order; the words of monitored ones begin with `would`.
    """

    segment: str | None
    rule: Rule | None
    grants: tuple[str, ...]
    outcomes: tuple[Outcome, ...]


def decide(policy: Policy, facts: Facts) -> Verdict:
    """Decide; `policy` has passed `check`. Grants come in the order of `order_of_resources`."""
    truths = [evaluate(policy, rule.condition, facts) for rule in policy.rules]
    for position, rule in enumerate(policy.rules):
        if _decides(rule, truths[position]) and not rule.monitor:
            grants = _grants(policy, truths) if isinstance(rule, Place) else ()
            return Verdict(_segment(rule), rule, grants, tuple(_outcomes(policy, truths, rule)))
    return Verdict(None, None, (), tuple(_outcomes(policy, truths, None)))


def _decides(rule: Rule, truth: bool | None) -> bool:
    return (isinstance(rule, Place) and truth is True) or (isinstance(rule, Reject) and truth is not False)


def _segment(rule: Rule) -> str | None:
    return rule.segment.text if isinstance(rule, Place) else None


def _allowed(policy: Policy, truths: list[bool | None]) -> set[str]:
    return {
        name.text
        for rule, truth in zip(policy.rules, truths, strict=True)
        if isinstance(rule, Allow) and truth is True and not rule.monitor
        for name in rule.resources
    }


def _grants(policy: Policy, truths: list[bool | None]) -> tuple[str, ...]:
    forbidden = {
        name.text
        for rule, truth in zip(policy.rules, truths, strict=True)
        if isinstance(rule, Forbid) and truth is not False and not rule.monitor
        for name in rule.resources
    }
    return tuple(name for name in order_of_resources(policy) if name in _allowed(policy, truths) - forbidden)


def _outcomes(policy: Policy, truths: list[bool | None], decided: Rule | None) -> list[Outcome]:
    """What each rule did or, monitored, would have done. `decided`: None when nothing matched."""
    allowed = _allowed(policy, truths)
    before = True
    outcomes = []
    for rule, truth in zip(policy.rules, truths, strict=True):
        if isinstance(rule, Place | Reject):
            took_part = before and _decides(rule, truth)
            before = before and rule is not decided
        elif isinstance(rule, Allow):
            took_part = isinstance(decided, Place) and truth is True
        else:
            hits = not allowed.isdisjoint(name.text for name in rule.resources)
            took_part = isinstance(decided, Place) and truth is not False and hits
        if took_part:
            outcomes.append(Outcome(rule, _words(rule, truth)))
    return sorted(outcomes, key=lambda outcome: outcome.rule is not decided)


def _words(rule: Rule, truth: bool | None) -> str:
    done, would = {
        Place: ("placed", "would have placed"),
        Reject: ("rejected", "would have rejected"),
        Allow: ("granted", "would have granted"),
        Forbid: ("forbade", "would have forbidden"),
    }[type(rule)]
    words = would if rule.monitor else done
    return words if truth else f"{words}, because a fact it needs is unknown"


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
        case During(name):
            schedule = next(schedule for schedule in policy.schedules if schedule.name.text == name.text)
            time = facts.get("time")
            return _holds(schedule, time) if isinstance(time, int) else None
        case Comparison():
            known = facts.get(condition.fact.text)
            return None if known is None else _compare(condition, known)
        case _:
            assert_never(condition)


def _holds(schedule: Schedule, time: int) -> bool:
    """Whether the clock on the wall of that zone stands in a window. It strikes an hour twice or never as it will."""
    wall = datetime.fromtimestamp(time, UTC).astimezone(ZoneInfo(schedule.zone.text))
    minute, today = wall.hour * 60 + wall.minute, wall.date()
    yesterday = today - timedelta(days=1)
    if today in schedule.excepted:
        return False
    for window in schedule.windows:
        overnight = window.end < window.start
        begun_today = today.weekday() in window.days and window.start <= minute
        begun_yesterday = yesterday.weekday() in window.days and yesterday not in schedule.excepted
        if begun_today and (overnight or minute < window.end):
            return True
        if overnight and begun_yesterday and minute < window.end:
            return True
    return False


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
