"""Why a policy decides as it does: each statement with what became of it, the decision, and what would be sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from nac.enforcement.layout import Layout
from nac.enforcement.vendor import Attribute
from nac.errors import PolicyError
from nac.policy.facts import Fact, normal_mac
from nac.policy.model import Allow, Comparison, Condition, Forbid, Place, Policy, Reject, Rule, Value
from nac.policy.reference import Facts, Verdict, decide, evaluate
from nac.policy.source import nearest
from nac.policy.walk import leaves


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


def explain(policy: Policy, facts: Facts) -> Explanation:
    """Decide by the reference evaluator and say what became of each statement. `policy` has passed `check`."""
    verdict = decide(policy, facts)
    took_part = {id(outcome.rule): outcome.words for outcome in verdict.outcomes}
    steps = tuple(
        Step(rule.span.location, rule.label, took_part.get(id(rule)) or _passed_over(policy, rule, facts, verdict))
        for rule in policy.rules
    )
    return Explanation(verdict, steps)


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
    return list(dict.fromkeys(name for name in _facts_in(policy, condition) if name not in facts))


def _facts_in(policy: Policy, condition: Condition) -> Iterator[str]:
    for leaf in leaves(condition):
        if isinstance(leaf, Comparison):
            yield leaf.fact.text
        else:
            used = next(persona for persona in policy.personas if persona.name.text == leaf.persona.text)
            yield from _facts_in(policy, used.condition)


def reply_attributes(layout: Layout, verdict: Verdict) -> list[Attribute]:
    """The attributes of the Access-Accept in one dialect, as text; none for a reject."""
    if verdict.segment is None:
        return []
    pieces = (
        layout.segments[verdict.segment],
        layout.before,
        *(layout.resources[name] for name in verdict.grants),
        layout.after,
    )
    return [attribute for piece in pieces for attribute in piece.attributes]


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
            return int(text) if text.removeprefix("-").isdecimal() and len(text) <= 15 else None
