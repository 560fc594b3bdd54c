"""Runs the test blocks of a policy. A policy whose tests fail is not published."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from nac.policy import reference
from nac.policy.facts import as_on_a_packet
from nac.policy.model import Policy, Test, Value
from nac.policy.source import Diagnostic


@dataclass(frozen=True, slots=True)
class Answer:
    """What a decision says, for a test: segment (None for a reject), grants, and the rule that decided."""

    segment: str | None
    grants: frozenset[str]
    rule: str | None


Decide = Callable[[Mapping[str, Value]], Answer]


def examine(policy: Policy, decide: Decide | None = None) -> list[Diagnostic]:
    """Every failed expectation. By default the reference evaluator decides; `policy` has passed `check`."""
    return [problem for test in policy.tests for problem in _examine(test, decide or _by_reference(policy))]


def _by_reference(policy: Policy) -> Decide:
    def decide(facts: Mapping[str, Value]) -> Answer:
        verdict = reference.decide(policy, facts)
        rule = verdict.rule.span.location if verdict.rule else None
        return Answer(verdict.segment, frozenset(verdict.grants), rule)

    return decide


def _examine(test: Test, decide: Decide) -> list[Diagnostic]:
    answer = decide(as_on_a_packet({given.fact.text: given.value for given in test.given}))
    wanted = test.segment.text if test.segment else None
    by = f"by {answer.rule}" if answer.rule else "nothing matched"
    problems = []
    if wanted != answer.segment:
        got = f"segment {answer.segment}" if answer.segment else "reject"
        expected = f"segment {wanted}" if wanted else "reject"
        problems.append(Diagnostic(test.span, f'test "{test.title}": expected {expected}, got {got} ({by})'))
    for name in test.reaches:
        if name.text not in answer.grants:
            problems.append(Diagnostic(name.span, f'test "{test.title}": does not reach `{name.text}`'))
    for name in test.not_reaches:
        if name.text in answer.grants:
            problems.append(Diagnostic(name.span, f'test "{test.title}": reaches `{name.text}`'))
    return problems
