"""Names: is each declared, once, and does what it names exist?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from nac.policy.model import Allow, During, Forbid, Name, PersonaReference, Place, Policy, Segment
from nac.policy.schedule import zones
from nac.policy.source import Diagnostic, Span, nearest
from nac.policy.walk import conditions, leaves

_USED: Final = ("resource", "segment", "persona", "schedule", "site")
"""What statements name. Lists are looked up by `nac.policy.resolve`."""


def check_names(policy: Policy) -> list[Diagnostic]:
    """Names declared twice, names of nothing, personas that lead back to themselves, fallbacks that are none."""
    declared: dict[str, list[Name]] = {
        "resource": [resource.name for resource in policy.resources],
        "segment": [segment.name for segment in policy.segments],
        "persona": [persona.name for persona in policy.personas],
        "list": [one.name for one in policy.lists],
        "schedule": [schedule.name for schedule in policy.schedules],
        "site": [site.name for site in policy.sites],
        "posture": [posture.name for posture in policy.postures],
    }
    used = _used(policy)
    return [
        *(problem for what, names in declared.items() for problem in _twice(what, names)),
        *(problem for what in _USED for problem in _unknown(what, used[what], declared[what])),
        *_persona_cycles(policy),
        *_fallbacks(policy),
        *_site_vlans(policy),
        *_zones(policy),
        *_environments(policy),
    ]


def _twice(what: str, names: Sequence[Name]) -> list[Diagnostic]:
    problems = []
    first: dict[str, Span] = {}
    for name in names:
        earlier = first.setdefault(name.text, name.span)
        if earlier is not name.span:
            fix = f"it is declared at {earlier} already"
            problems.append(Diagnostic(name.span, f"{what} `{name.text}` is declared twice", fix))
    return problems


def _used(policy: Policy) -> dict[str, list[Name]]:
    used: dict[str, list[Name]] = {what: [] for what in _USED}
    for segment in policy.segments:
        used["segment"] += [segment.fallback] if segment.fallback else []
        used["site"] += [site for site, _ in segment.site_vlans]
    for rule in policy.rules:
        if isinstance(rule, Place):
            used["segment"].append(rule.segment)
        elif isinstance(rule, Allow | Forbid):
            used["resource"] += rule.resources
    for invariant in policy.invariants:
        used["resource"] += invariant.resources
        if invariant.subject.name and invariant.subject.kind in ("persona", "segment"):
            used[invariant.subject.kind].append(invariant.subject.name)
    for test in policy.tests:
        used["segment"] += [test.segment] if test.segment else []
        used["resource"] += [*test.reaches, *test.not_reaches]
    for condition in conditions(policy):
        for leaf in leaves(condition):
            if isinstance(leaf, PersonaReference):
                used["persona"].append(leaf.persona)
            elif isinstance(leaf, During):
                used["schedule"].append(leaf.schedule)
    return used


def _unknown(what: str, names: Sequence[Name], declared: Sequence[Name]) -> list[Diagnostic]:
    known = dict.fromkeys(name.text for name in declared)
    return [
        Diagnostic(name.span, f"there is no {what} `{name.text}`", nearest(name.text, list(known)))
        for name in names
        if name.text not in known
    ]


def _persona_cycles(policy: Policy) -> list[Diagnostic]:
    """A persona that leads back to itself has no meaning; told once, at a reference that closes the circle."""
    uses = {
        persona.name.text: [one for one in leaves(persona.condition) if isinstance(one, PersonaReference)]
        for persona in policy.personas
    }
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


def _fallbacks(policy: Policy) -> list[Diagnostic]:
    segments = {segment.name.text: segment for segment in policy.segments}
    problems = []
    for segment in policy.segments:
        fallback = segments.get(segment.fallback.text) if segment.fallback else None
        if segment.fallback is None or fallback is None:
            continue
        if fallback.fallback is not None:
            message = f"`{fallback.name.text}` has a fallback of its own"
            problems.append(Diagnostic(segment.fallback.span, message, "name a segment that stands for itself"))
        elif not _confines(fallback):
            message = f"`{fallback.name.text}` confines nothing"
            problems.append(Diagnostic(segment.fallback.span, message, "give it a `vlan`, a `role` or a `filter-id`"))
    return problems


def _confines(segment: Segment) -> bool:
    return segment.vlan is not None or segment.role is not None or segment.filter_id is not None


def _site_vlans(policy: Policy) -> list[Diagnostic]:
    problems = []
    for segment in policy.segments:
        seen: set[str] = set()
        for site, _ in segment.site_vlans:
            if site.text in seen:
                problems.append(Diagnostic(site.span, f"site `{site.text}` stands twice in this `vlan`"))
            seen.add(site.text)
    return problems


def _zones(policy: Policy) -> list[Diagnostic]:
    return [
        Diagnostic(one.zone.span, f'there is no time zone "{one.zone.text}"', nearest(one.zone.text, sorted(zones())))
        for one in policy.schedules
        if one.zone.text not in zones()
    ]


def _environments(policy: Policy) -> list[Diagnostic]:
    """An invariant about the sessions of an environment in which there is no segment."""
    known = {segment.environment for segment in policy.segments}
    fix = "give the segments of that environment `environment {0}`"
    return [
        Diagnostic(
            subject.name.span, f"no segment has `environment {subject.name.text}`", fix.format(subject.name.text)
        )
        for subject in (invariant.subject for invariant in policy.invariants)
        if subject.kind == "environment" and subject.name and subject.name.text not in known
    ]
