"""Whether every reply that a policy can lead to can be sent: its lines written in the dialect, within the packet and
within what the switch takes.

The bound is conservative: for each `place`, everything that some `allow` could grant beside it. An `allow` is left out
only where its condition plainly contradicts the placement's.
"""

from __future__ import annotations

from collections.abc import Sequence

from nac.enforcement.layout import Layout
from nac.policy.contradiction import Needs, Reader
from nac.policy.model import Allow, Place, Policy, Segment
from nac.policy.source import Diagnostic, Severity


def misfits(policy: Policy, layouts: Sequence[Layout]) -> list[Diagnostic]:
    """For each `place` and dialect whose reply may be one that cannot be sent: an error, or a warning where the segment
    has a `fallback`, into which such a session is put.
    """
    reader = Reader(policy.persona_conditions())
    segments = {segment.name.text: segment for segment in policy.segments}
    allows = [
        (rule, reader.needs(rule.condition)) for rule in policy.rules if isinstance(rule, Allow) and not rule.monitor
    ]
    everything = frozenset(name.text for allow, _ in allows for name in allow.resources)
    suspect = {name: [layout for layout in layouts if layout.unfit(name, everything) is not None] for name in segments}
    problems: list[Diagnostic] = []
    for rule in policy.rules:
        if isinstance(rule, Place) and suspect[rule.segment.text]:
            granted = _possible_grants(allows, reader.needs(rule.condition))
            segment = segments[rule.segment.text]
            problems += [
                found for layout in suspect[segment.name.text] for found in _misfit(rule, segment, granted, layout)
            ]
    return problems


def _possible_grants(allows: Sequence[tuple[Allow, Needs]], placed: Needs) -> frozenset[str]:
    return frozenset(name.text for allow, needs in allows if not needs.contradicts(placed) for name in allow.resources)


def _misfit(place: Place, segment: Segment, granted: frozenset[str], layout: Layout) -> list[Diagnostic]:
    reason = layout.unfit(segment.name.text, granted)
    if reason is None:
        return []
    message = f"dialect {layout.dialect.name}: a session placed here can be granted {reason}"
    if segment.fallback:
        fix = f"there it is put into `{segment.fallback.text}` instead, the fallback of `{segment.name.text}`"
        return [Diagnostic(place.span, message, fix, Severity.WARNING)]
    fix = (
        f"{_largest(granted, layout)}aggregate their addresses, tie their `allow` to a fact that this `place` "
        "contradicts, give the segment a `fallback`, or give the switch another dialect"
    )
    return [Diagnostic(place.span, message, fix)]


def _largest(granted: frozenset[str], layout: Layout) -> str:
    octets = {name: piece.extent.octets for name in granted if (piece := layout.resources[name]) is not None}
    largest = sorted(octets, key=lambda name: (-octets[name], name))[:3]
    return f"largest in octets: {', '.join(f'{name} {octets[name]}' for name in largest)}; " if largest else ""
