"""Declarations that nothing uses, and sites and regions that no client can be in. All of it warnings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from nac.policy.model import Allow, Comparison, During, Forbid, Name, OutsideRegion, PersonaReference, Place, Policy
from nac.policy.source import Diagnostic, Severity, Span, nearest
from nac.policy.walk import conditions, leaves

_PLACES: Final = ("client.site", "client.region")

_Compared = Sequence[tuple[str, str, Span]]
"""(fact, value in lower case, place) of what sites and regions are compared with."""


def check_use(policy: Policy) -> list[Diagnostic]:
    """Warnings; unused lists are told by `nac.policy.resolve`."""
    used = [leaf for condition in conditions(policy) for leaf in leaves(condition)]
    compared = [
        (leaf.fact.text, str(value).lower(), leaf.value_span)
        for leaf in used
        if isinstance(leaf, Comparison) and leaf.fact.text in _PLACES and leaf.operator in ("=", "in")
        for value in (leaf.value if isinstance(leaf.value, tuple) else (leaf.value,))
    ]
    return [
        *_unused(policy, used, compared),
        *_nobody_placed(policy),
        *_unknown_sites(policy, compared),
        *_unknown_regions(policy, compared),
    ]


def _unused(
    policy: Policy, used: Sequence[Comparison | PersonaReference | During], compared: _Compared
) -> Iterator[Diagnostic]:
    about = [invariant.subject for invariant in policy.invariants]
    allowed = {name.text for rule in policy.rules if isinstance(rule, Allow) for name in rule.resources}
    placed = {rule.segment.text for rule in policy.rules if isinstance(rule, Place)}
    placed |= {segment.fallback.text for segment in policy.segments if segment.fallback}
    personas = {leaf.persona.text for leaf in used if isinstance(leaf, PersonaReference)}
    personas |= {subject.name.text for subject in about if subject.kind == "persona" and subject.name}
    schedules = {leaf.schedule.text for leaf in used if isinstance(leaf, During)}
    by_vlan = {site.text.lower() for segment in policy.segments for site, _ in segment.site_vlans}
    by_site = by_vlan | {value for fact, value, _ in compared if fact == "client.site"}
    by_region = any(fact == "client.region" for fact, _, _ in compared)
    sites = {one.name.text for one in policy.sites if one.name.text.lower() in by_site or (by_region and one.region)}

    yield from _not_in(allowed, (one.name for one in policy.resources), "no rule allows resource `{}`")
    yield from _not_in(placed, (one.name for one in policy.segments), "no rule places in segment `{}`")
    yield from _not_in(personas, (one.name for one in policy.personas), "persona `{}` is not used")
    yield from _not_in(schedules, (one.name for one in policy.schedules), "schedule `{}` is not used")
    yield from _not_in(sites, (one.name for one in policy.sites), "no rule and no segment asks for site `{}`")


def _not_in(used: set[str], names: Iterable[Name], message: str) -> Iterator[Diagnostic]:
    return (_warning(name.span, message.format(name.text)) for name in names if name.text not in used)


def _nobody_placed(policy: Policy) -> list[Diagnostic]:
    if not policy.sources or any(isinstance(rule, Place) and not rule.monitor for rule in policy.rules):
        return []
    return [_warning(Span(policy.sources[0], 1, 1), "no `place` statement: everyone is rejected")]


def _unknown_sites(policy: Policy, compared: _Compared) -> list[Diagnostic]:
    """Where the policy declares sites, others than those are a slip of the pen."""
    known = {site.name.text.lower() for site in policy.sites}
    return [
        _warning(span, f"there is no site `{value}`", nearest(value, sorted(known)))
        for fact, value, span in compared
        if fact == "client.site" and known and value not in known
    ]


def _unknown_regions(policy: Policy, compared: _Compared) -> list[Diagnostic]:
    known = {site.region.text.lower() for site in policy.sites if site.region}
    residency = _written_as_residency(policy)
    asked = [(value, span) for fact, value, span in compared if fact == "client.region"]
    problems = [
        _warning(span, f"no site is in region `{value}`", nearest(value, sorted(known)))
        for value, span in asked
        if value not in known and span not in residency
    ]
    if policy.sites or asked:
        problems += [
            _warning(resource.name.span, f"no site is in region `{region}`, where `{resource.name.text}` resides",
                     nearest(region, sorted(known)))
            for resource in policy.resources
            if (region := resource.label("residency")) and region.lower() not in known
        ]  # fmt: skip
    return problems


def _written_as_residency(policy: Policy) -> set[Span]:
    """Where `residency outside client.region` stands: its comparisons are about resources, which are told of."""
    return {
        selector.span
        for rule in policy.rules
        if isinstance(rule, Forbid)
        for selector in rule.selectors
        if isinstance(selector, OutsideRegion)
    }


def _warning(span: Span, message: str, fix: str = "") -> Diagnostic:
    return Diagnostic(span, message, fix, Severity.WARNING)
