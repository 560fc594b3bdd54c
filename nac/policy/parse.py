"""Policy text -> model. One function per statement; an error skips to the next statement, so that several are found.

policy     = {statement}
statement  = "resource" NAME "{" {property} "}"       | "segment" NAME "{" {property} "}"
           | "persona" NAME "when" condition
           | "place" "in" NAME ["when" condition]      | "reject" [TEXT] ["when" condition]
           | "allow" NAME {"," NAME} ["when" condition] | "forbid" NAME {"," NAME} ["when" condition]
           | "test" TEXT "{" {"given" given {"," given} | "expect" ("segment" NAME | "reject")
                              | ["not"] "reaches" NAME {"," NAME}} "}"
condition  = conjunction {"or" conjunction}
conjunction = negation {"and" negation}
negation   = "not" negation | "(" condition ")" | "persona" NAME | FACT [operator value]
operator   = "=" | "<" | "<=" | ">" | ">=" | "has" | "matches" | "in"
given      = ["not"] FACT | FACT "=" (value | "(" TEXT {"," TEXT} ")") | FACT "has" TEXT
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from nac.policy.cursor import Cursor, SyntaxProblem
from nac.policy.lexer import Kind, Token, tokens
from nac.policy.model import Allow, Forbid, Persona, Place, Policy, Reject, Resource, Rule, Segment, Test
from nac.policy.parse_condition import RESERVED, STATEMENTS, parse_condition, parse_when
from nac.policy.parse_declaration import parse_resource, parse_segment
from nac.policy.parse_test import parse_test
from nac.policy.source import Diagnostic, Source, nearest

MAX_PROBLEMS: Final = 20
"""Syntax errors of one file that are told; more would only repeat the first."""


@dataclass
class _Found:
    """Statements read so far."""

    resources: list[Resource] = field(default_factory=list)
    segments: list[Segment] = field(default_factory=list)
    personas: list[Persona] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)
    tests: list[Test] = field(default_factory=list)


def parse(sources: Sequence[Source]) -> tuple[Policy, list[Diagnostic]]:
    """The model of all sources together, in their order, and what could not be read (which is left out)."""
    found = _Found()
    problems: list[Diagnostic] = []
    for source in sources:
        problems.extend(_parse_source(source, found)[:MAX_PROBLEMS])
    policy = Policy(
        sources=tuple(sources),
        resources=tuple(found.resources),
        segments=tuple(found.segments),
        personas=tuple(found.personas),
        rules=tuple(found.rules),
        tests=tuple(found.tests),
    )
    return policy, problems


def _parse_source(source: Source, found: _Found) -> list[Diagnostic]:
    all_tokens, problems = tokens(source)
    cursor = Cursor(all_tokens)
    while not cursor.at_end:
        start = cursor.token
        try:
            _statement(cursor, found)
        except SyntaxProblem as problem:
            problems.append(problem.diagnostic)
            cursor.skip_to_statement(STATEMENTS, start)
    return problems


def _statement(cursor: Cursor, found: _Found) -> None:
    start = cursor.position
    keyword = cursor.token
    if not cursor.accept_word(*STATEMENTS):
        known = tuple(sorted(STATEMENTS))
        fix = nearest(keyword.value, known) if keyword.kind is Kind.WORD else ""
        cursor.fail(f"expected a statement, found {keyword}", fix or "statements begin with " + ", ".join(known))
    match keyword.value:
        case "resource":
            found.resources.append(parse_resource(cursor))
        case "segment":
            found.segments.append(parse_segment(cursor))
        case "persona":
            name = cursor.expect_name("the name of the persona", reserved=RESERVED)
            cursor.expect_word("when")
            found.personas.append(Persona(name, parse_condition(cursor, 0)))
        case "test":
            found.tests.append(parse_test(cursor, keyword))
        case _:
            found.rules.append(_RULES[keyword.value](cursor, keyword, start))


def _place(cursor: Cursor, keyword: Token, start: int) -> Rule:
    cursor.expect_word("in")
    segment = cursor.expect_name("the name of a segment", reserved=RESERVED)
    return Place(segment, parse_when(cursor), cursor.text_since(start), keyword.span)


def _reject(cursor: Cursor, keyword: Token, start: int) -> Rule:
    reason = cursor.advance().value if cursor.token.kind is Kind.TEXT else ""
    return Reject(reason, parse_when(cursor), cursor.text_since(start), keyword.span)


def _allow(cursor: Cursor, keyword: Token, start: int) -> Rule:
    names = cursor.expect_names("the name of a resource", reserved=RESERVED)
    return Allow(names, parse_when(cursor), cursor.text_since(start), keyword.span)


def _forbid(cursor: Cursor, keyword: Token, start: int) -> Rule:
    names = cursor.expect_names("the name of a resource", reserved=RESERVED)
    return Forbid(names, parse_when(cursor), cursor.text_since(start), keyword.span)


_RULES: Final[dict[str, Callable[[Cursor, Token, int], Rule]]] = {
    "place": _place,
    "reject": _reject,
    "allow": _allow,
    "forbid": _forbid,
}
