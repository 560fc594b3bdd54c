"""Policy text -> model. One function per statement; an error skips to the next statement, so that several are found.

policy      = {statement}
statement   = declaration | rule | invariant | test
declaration = "resource" NAME "{" {property} "}"  | "segment" NAME "{" {property} "}"
            | "persona" NAME "when" condition      | "list" NAME "{" TEXT {"," TEXT} "}"
            | "schedule" NAME "{" {hours} "}"      | "site" NAME "{" {"region" NAME | "client" TEXT {"," TEXT}} "}"
            | "posture" NAME "{" {health} "}"
rule        = ("place" "in" NAME | "reject" [TEXT] | "allow" selectors | "forbid" selectors)
              ["when" condition] ["mode" "monitor"]
invariant   = "never" subject "reaches" selectors ["when" condition] | "only" subject "reaches" selectors
test        = "test" TEXT "{" {"given" given {"," given} | "expect" ("segment" NAME | "reject")
                               | ["not"] "reaches" NAME {"," NAME}} "}"

property    = "kind" KIND | "address" ADDRESS {"," ADDRESS} | "port" PORT {"," PORT} | "owner" TEXT
            | ("stage" | "environment" | "sensitivity" | "residency") VALUE                       (of a resource)
            | "vlan" VLAN ["at" NAME VLAN {"," NAME VLAN}] | "session" DURATION | "filter-id" TEXT
            | "role" TEXT | "sgt" NUMBER | "environment" VALUE | "fallback" NAME                  (of a segment)
hours       = "zone" TEXT | days {"," days} HOURS {"," HOURS} | "except" DATE {"," DATE}
days        = DAY ["-" DAY]

health      = "applies" "when" condition | "require" CHECK [found] | "forbid" CHECK [found]
            | "grace" DURATION "for" CHECK {"," CHECK} | ("fresh" | "stale" | "unknown") DURATION
found       = ("=" | "<" | "<=" | ">" | ">=") (NUMBER | TEXT) | ("has" | "matches") TEXT | "in" texts

selectors   = selector {"," selector}
selector    = NAME | label {"and" label} | "everything" | "residency" "outside" "client.region"
label       = ("kind" | "stage" | "environment" | "sensitivity" | "residency") VALUE | "owner" TEXT
subject     = "persona" NAME | "segment" NAME | "environment" VALUE | "anyone"

condition   = conjunction {"or" conjunction}
conjunction = negation {"and" negation}
negation    = "not" negation | "(" condition ")" | "persona" NAME | "during" NAME | comparison
comparison  = FACT
            | FACT ("=" | "<" | "<=" | ">" | ">=" | "has" | "matches") value
            | FACT "in" (texts | "list" NAME)
            | FACT "has" ("any" (texts | "list" NAME) | "all" texts)
texts       = "(" TEXT {"," TEXT} ")"
value       = TEXT | NUMBER | "true" | "false"
given       = ["not"] FACT | FACT "=" (value | texts) | FACT "has" TEXT
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from nac.policy.cursor import Cursor, SyntaxProblem
from nac.policy.lexer import Kind, Token, tokens
from nac.policy.model import (
    Allow,
    Forbid,
    Invariant,
    ListDeclaration,
    Never,
    Only,
    Persona,
    Place,
    Policy,
    Posture,
    Reject,
    Resource,
    Rule,
    Schedule,
    Segment,
    Site,
    Test,
)
from nac.policy.parse_condition import RESERVED, STATEMENTS, parse_condition, parse_when
from nac.policy.parse_declaration import parse_resource, parse_segment
from nac.policy.parse_posture import parse_posture
from nac.policy.parse_schedule import parse_schedule
from nac.policy.parse_selector import parse_selectors, parse_subject
from nac.policy.parse_site import parse_list, parse_site
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
    lists: list[ListDeclaration] = field(default_factory=list)
    schedules: list[Schedule] = field(default_factory=list)
    sites: list[Site] = field(default_factory=list)
    postures: list[Posture] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)
    invariants: list[Invariant] = field(default_factory=list)
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
        lists=tuple(found.lists),
        schedules=tuple(found.schedules),
        sites=tuple(found.sites),
        postures=tuple(found.postures),
        rules=tuple(found.rules),
        invariants=tuple(found.invariants),
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
        case "list":
            found.lists.append(parse_list(cursor))
        case "schedule":
            found.schedules.append(parse_schedule(cursor))
        case "site":
            found.sites.append(parse_site(cursor))
        case "posture":
            found.postures.append(parse_posture(cursor))
        case "never":
            found.invariants.append(_never(cursor, keyword, start))
        case "only":
            found.invariants.append(_only(cursor, keyword, start))
        case "test":
            found.tests.append(parse_test(cursor, keyword))
        case _:
            found.rules.append(_RULES[keyword.value](cursor, keyword, start))


def _place(cursor: Cursor, keyword: Token, start: int) -> Rule:
    cursor.expect_word("in")
    segment = cursor.expect_name("the name of a segment", reserved=RESERVED)
    condition, monitor = parse_when(cursor), _monitor(cursor)
    return Place(segment, condition, cursor.text_since(start), keyword.span, monitor)


def _reject(cursor: Cursor, keyword: Token, start: int) -> Rule:
    reason = cursor.advance().value if cursor.token.kind is Kind.TEXT else ""
    condition, monitor = parse_when(cursor), _monitor(cursor)
    return Reject(reason, condition, cursor.text_since(start), keyword.span, monitor)


def _allow(cursor: Cursor, keyword: Token, start: int) -> Rule:
    selectors = parse_selectors(cursor, "allow")
    condition, monitor = parse_when(cursor), _monitor(cursor)
    return Allow((), condition, cursor.text_since(start), keyword.span, selectors, monitor)


def _forbid(cursor: Cursor, keyword: Token, start: int) -> Rule:
    selectors = parse_selectors(cursor, "forbid")
    condition, monitor = parse_when(cursor), _monitor(cursor)
    return Forbid((), condition, cursor.text_since(start), keyword.span, selectors, monitor)


def _monitor(cursor: Cursor) -> bool:
    """`[mode monitor]`."""
    if not cursor.accept_word("mode"):
        return False
    cursor.expect_word("monitor")
    return True


def _never(cursor: Cursor, keyword: Token, start: int) -> Never:
    subject = parse_subject(cursor)
    selectors = parse_selectors(cursor, "never")
    condition = parse_when(cursor)
    return Never(subject, (), condition, cursor.text_since(start), keyword.span, selectors)


def _only(cursor: Cursor, keyword: Token, start: int) -> Only:
    subject = parse_subject(cursor)
    selectors = parse_selectors(cursor, "only")
    return Only(subject, (), cursor.text_since(start), keyword.span, selectors)


_RULES: Final[dict[str, Callable[[Cursor, Token, int], Rule]]] = {
    "place": _place,
    "reject": _reject,
    "allow": _allow,
    "forbid": _forbid,
}
