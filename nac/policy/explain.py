"""Why a policy decides as it does: each statement with what became of it, the decision, and what would be sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nac.enforcement.layout import Layout
from nac.enforcement.vendor import Attribute
from nac.errors import PolicyError
from nac.policy.facts import TIME, Fact, moment, normal_mac
from nac.policy.model import Allow, Condition, Forbid, Place, Policy, Reject, Rule, Value
from nac.policy.reference import Facts, Verdict, decide, evaluate
from nac.policy.source import nearest
from nac.policy.walk import facts_in


@dataclass(frozen=True, slots=True)
class Step:
    """One statement: where it stands, how it reads, what became of it."""

    location: str
    statement: str
    result: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """The decision and every statement in file order."""

    verdict: Verdict
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Sent:
    """Attributes of the reply; `remark`: why they are not those of the decision, empty when they are."""

    attributes: tuple[Attribute, ...]
    remark: str


def explain(policy: Policy, facts: Facts) -> Explanation:
    """Decide by the reference evaluator and say what became of each statement. `policy` has passed `check`."""
    verdict = decide(policy, facts)
    took_part = {id(outcome.rule): outcome.words + _overridden(outcome.rule, verdict) for outcome in verdict.outcomes}
    steps = tuple(
        Step(rule.span.location, rule.label, took_part.get(id(rule)) or _passed_over(policy, rule, facts, verdict))
        for rule in policy.rules
    )
    return Explanation(verdict, steps)


def _overridden(rule: Rule, verdict: Verdict) -> str:
    """What of an `allow` was taken away again, and by which statements."""
    if not isinstance(rule, Allow) or rule.monitor:
        return ""
    lost = {name.text for name in rule.resources}.difference(verdict.grants)
    by = [
        outcome.rule.span.location
        for outcome in verdict.outcomes
        if isinstance(outcome.rule, Forbid)
        and not outcome.rule.monitor
        and not lost.isdisjoint(name.text for name in outcome.rule.resources)
    ]
    return f", but {', '.join(sorted(lost))} overridden by {', '.join(by)}" if lost else ""


def _passed_over(policy: Policy, rule: Rule, facts: Facts, verdict: Verdict) -> str:
    truth = evaluate(policy, rule.condition, facts)
    if isinstance(rule, Place | Reject) and truth is not False and _is_decided_before(policy, rule, verdict):
        return "not asked: an earlier statement decided"
    if isinstance(rule, Allow | Forbid) and verdict.segment is None:
        return "not asked: rejected"
    if truth is None:
        unknown = ", ".join(unknown_facts(policy, rule.condition, facts))
        what = "forbids, but nothing it names was granted" if isinstance(rule, Forbid) else "does not match"
        return f"{what}: unknown {unknown}"
    if truth and isinstance(rule, Forbid):
        return "matches, but nothing it names was granted"
    return "does not match"


def _is_decided_before(policy: Policy, rule: Place | Reject, verdict: Verdict) -> bool:
    decided = next((at for at, one in enumerate(policy.rules) if one is verdict.rule), len(policy.rules))
    return decided < next(at for at, one in enumerate(policy.rules) if one is rule)


def unknown_facts(policy: Policy, condition: Condition, facts: Facts) -> list[str]:
    """The facts that a condition asks for and that are not known, each once."""
    return list(dict.fromkeys(name for name in facts_in(policy, condition) if name not in facts))


def reply_attributes(layout: Layout, policy: Policy, verdict: Verdict, site: str | None) -> Sent:
    """What the Access-Accept carries in one dialect at a site, as text; nothing for a reject."""
    if verdict.segment is None:
        return Sent((), "")
    reason = layout.unfit(verdict.segment, verdict.grants)
    if reason is None:
        attributes = layout.reply(verdict.segment, verdict.grants)
        placed = layout.sites.get((site or "", verdict.segment))
        own = layout.segments[verdict.segment].attributes
        return Sent(attributes if placed is None else placed.attributes + attributes[len(own) :], "")
    fallback = next(one.fallback for one in policy.segments if one.name.text == verdict.segment)
    if fallback is None:
        return Sent((), f"this client is sent an Access-Reject: {reason}")
    pieces = layout.fallbacks
    piece = pieces.get((site, fallback.text)) or pieces[None, fallback.text]
    return Sent(piece.attributes, f"this client falls back to segment {fallback.text}: {reason}")


def parse_facts(assignments: Sequence[str], catalogue: Mapping[str, Fact]) -> dict[str, Value]:
    """`name=value` as typed on a command line; sets have commas between their members. Raises `PolicyError`."""
    facts: dict[str, Value] = {}
    problems: list[str] = []
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        fact = catalogue.get(name)
        value = _value(fact, text) if fact and equals else None
        if fact is None:
            problems.append(f"there is no fact `{name}`; {nearest(name, list(catalogue)) or 'see `nac policy facts`'}")
        elif value is None:
            problems.append(f"`{assignment}`: write {name}={fact.example} ({fact.kind})")
        else:
            facts[name] = value
    if problems:
        raise PolicyError(problems)
    return facts


def _value(fact: Fact, text: str) -> Value | None:
    match fact.kind:
        case "text":
            return (normal_mac(text) if fact.name == "mac" else None) or text
        case "set":
            return tuple(member.strip() for member in text.split(",") if member.strip())
        case "boolean":
            return {"true": True, "false": False}.get(text.lower())
        case "integer":
            if fact.name == TIME and "T" in text:
                return moment(text)
            return int(text) if text.removeprefix("-").isdecimal() and len(text) <= 15 else None
