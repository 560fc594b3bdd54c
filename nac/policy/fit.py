"""Whether every reply that a policy can lead to fits: into the packet, and into what the switch takes.

The bound is conservative: for each `place`, everything that some `allow` could grant beside it. An `allow` is left out
only where its condition plainly contradicts the placement's.
"""

from __future__ import annotations

from collections.abc import Sequence

from nac.enforcement.layout import Layout
from nac.policy.contradiction import Wanted, contradict, wanted_values
from nac.policy.model import Allow, Place, Policy
from nac.policy.source import Diagnostic


def misfits(policy: Policy, layouts: Sequence[Layout]) -> list[Diagnostic]:
    """An error for each line that no attribute holds, and for each `place` and dialect whose reply can be too large."""
    problems = [problem for layout in layouts for problem in _long_lines(policy, layout)]
    personas = policy.persona_conditions()
    allows = [(rule, wanted_values(personas, rule.condition)) for rule in policy.rules if isinstance(rule, Allow)]
    everything = frozenset(name.text for allow, _ in allows for name in allow.resources)
    for rule in policy.rules:
        if isinstance(rule, Place) and any(_too_large(rule, everything, layout) for layout in layouts):
            granted = _possible_grants(allows, wanted_values(personas, rule.condition))
            problems += [problem for layout in layouts for problem in _too_large(rule, granted, layout)]
    return problems


def _long_lines(policy: Policy, layout: Layout) -> list[Diagnostic]:
    limit = layout.dialect.budget.line_characters
    return [
        Diagnostic(
            resource.name.span,
            f"dialect {layout.dialect.name}: a line of `{resource.name.text}` has {len(attribute.value)} characters, "
            f"but an attribute holds {limit}",
        )
        for resource in policy.resources
        for attribute in layout.resources[resource.name.text].attributes
        if len(attribute.value) > limit
    ]


def _possible_grants(allows: Sequence[tuple[Allow, Wanted]], placed: Wanted) -> frozenset[str]:
    return frozenset(
        name.text for allow, wanted in allows if not contradict(wanted, placed) for name in allow.resources
    )


def _too_large(place: Place, granted: frozenset[str], layout: Layout) -> list[Diagnostic]:
    extent = layout.extent(place.segment.text, granted)
    limit = extent.beyond(layout.dialect.budget)
    if limit is None:
        return []
    largest = sorted(granted, key=lambda name: (-layout.resources[name].extent.octets, name))[:3]
    shares = ", ".join(f"{name} {layout.resources[name].extent.octets}" for name in largest)
    message = f"dialect {layout.dialect.name}: a session placed here can be granted {limit}"
    fix = (
        f"largest in octets: {shares}; aggregate their addresses, tie their `allow` to a fact that this `place` "
        "contradicts, or give the switch another dialect"
    )
    return [Diagnostic(place.span, message, fix)]
