"""Everything that can be wrong with a policy that was read, found before anyone depends on it."""

from __future__ import annotations

from collections.abc import Mapping

from nac.policy.anonymous import Anonymous
from nac.policy.check_conditions import check_extents, check_types
from nac.policy.facts import Fact
from nac.policy.model import Allow, Always, Condition, Forbid, Name, PersonaReference, Place, Policy, Reject
from nac.policy.overlap import leaking_forbids
from nac.policy.source import Diagnostic, Severity, Span, nearest
from nac.policy.walk import personas_in


def check(policy: Policy, facts: Mapping[str, Fact]) -> list[Diagnostic]:
    """Every error and warning except failing test blocks (`nac.policy.examine`), in no order."""
    problems = [*_duplicates(policy), *_unknown_names(policy), *_persona_cycles(policy)]
    problems += check_types(policy, facts)
    if not problems:
        problems += check_extents(policy)
    if not problems:
        problems += [*_allow_without_identity(policy, facts), *leaking_forbids(policy)]
    return [*problems, *_unreachable(policy), *_unused(policy)]


def _duplicates(policy: Policy) -> list[Diagnostic]:
    problems = []
    groups: tuple[tuple[str, list[Name]], ...] = (
        ("resource", [resource.name for resource in policy.resources]),
        ("segment", [segment.name for segment in policy.segments]),
        ("persona", [persona.name for persona in policy.personas]),
    )
    for what, names in groups:
        first: dict[str, Span] = {}
        for name in names:
            earlier = first.setdefault(name.text, name.span)
            if earlier is not name.span:
                fix = f"it is declared at {earlier} already"
                problems.append(Diagnostic(name.span, f"{what} `{name.text}` is declared twice", fix))
    return problems


def _unknown_names(policy: Policy) -> list[Diagnostic]:
    resources = dict.fromkeys(resource.name.text for resource in policy.resources)
    segments = dict.fromkeys(segment.name.text for segment in policy.segments)
    personas = dict.fromkeys(persona.name.text for persona in policy.personas)
    problems = []
    for rule in policy.rules:
        if isinstance(rule, Place):
            problems += _unknown("segment", (rule.segment,), segments)
        elif isinstance(rule, Allow | Forbid):
            problems += _unknown("resource", rule.resources, resources)
    for test in policy.tests:
        problems += _unknown("segment", (test.segment,) if test.segment else (), segments)
        problems += _unknown("resource", (*test.reaches, *test.not_reaches), resources)
    for condition in _conditions(policy):
        names = tuple(reference.persona for reference in personas_in(condition))
        problems += _unknown("persona", names, personas)
    return problems


def _unknown(what: str, names: tuple[Name, ...], known: dict[str, None]) -> list[Diagnostic]:
    return [
        Diagnostic(name.span, f"there is no {what} `{name.text}`", nearest(name.text, list(known)))
        for name in names
        if name.text not in known
    ]


def _conditions(policy: Policy) -> list[Condition]:
    return [*(persona.condition for persona in policy.personas), *(rule.condition for rule in policy.rules)]


def _persona_cycles(policy: Policy) -> list[Diagnostic]:
    """A persona that leads back to itself has no meaning; told once, at a reference that closes the circle."""
    uses = {persona.name.text: list(personas_in(persona.condition)) for persona in policy.personas}
    problems: list[Diagnostic] = []
    done: set[str] = set()
    for start in uses:
        path: list[str] = []
        stack: list[tuple[str, list[PersonaReference]]] = []
        if start not in done:
            stack.append((start, list(uses[start])))
            path.append(start)
        while stack:
            name, rest = stack[-1]
            if not rest:
                stack.pop()
                path.pop()
                done.add(name)
                continue
            used = rest.pop(0).persona
            if used.text in path:
                circle = " -> ".join((*path[path.index(used.text) :], used.text))
                problems.append(Diagnostic(used.span, f"persona `{used.text}` leads back to itself: {circle}"))
            elif used.text not in done and used.text in uses:
                stack.append((used.text, list(uses[used.text])))
                path.append(used.text)
    return problems


def _allow_without_identity(policy: Policy, facts: Mapping[str, Fact]) -> list[Diagnostic]:
    fix = "add a condition on who it is, e.g. `user.groups has ...`, `device.managed` or `certificate.issuer = ...`"
    anonymous = Anonymous(policy, facts)
    return [
        Diagnostic(rule.span, "this `allow` can hold for anyone: it does not depend on who asks", fix)
        for rule in policy.rules
        if isinstance(rule, Allow) and anonymous.may_match(rule.condition)
    ]


def _unreachable(policy: Policy) -> list[Diagnostic]:
    problems = []
    last: Place | Reject | None = None
    for rule in policy.rules:
        if not isinstance(rule, Place | Reject):
            continue
        if last is not None:
            fix = f"the statement at {last.span} has no `when` and always matches first"
            problems.append(Diagnostic(rule.span, "this statement is never reached", fix))
        elif isinstance(rule.condition, Always):
            last = rule
    return problems


def _unused(policy: Policy) -> list[Diagnostic]:
    rules = policy.rules
    allowed = {name.text for rule in rules if isinstance(rule, Allow) for name in rule.resources}
    placed = {rule.segment.text for rule in rules if isinstance(rule, Place)}
    used = {reference.persona.text for condition in _conditions(policy) for reference in personas_in(condition)}
    unused = [
        *(_warning(one.name, f"no rule allows resource `{one.name.text}`") for one in policy.resources
          if one.name.text not in allowed),
        *(_warning(one.name, f"no rule places in segment `{one.name.text}`") for one in policy.segments
          if one.name.text not in placed),
        *(_warning(one.name, f"persona `{one.name.text}` is not used") for one in policy.personas
          if one.name.text not in used),
    ]  # fmt: skip
    if not any(isinstance(rule, Place) for rule in rules) and policy.sources:
        span = Span(policy.sources[0], 1, 1)
        unused.append(Diagnostic(span, "no `place` statement: everyone is rejected", severity=Severity.WARNING))
    return unused


def _warning(name: Name, message: str) -> Diagnostic:
    return Diagnostic(name.span, message, severity=Severity.WARNING)
