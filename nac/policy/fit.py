"""Whether every reply that a policy can lead to can be sent: its lines written in the dialect, within the packet and
within what the switch takes.

The bound is conservative: for each `place`, everything that some `allow` could grant beside it. An `allow` is left out
only where its condition plainly contradicts the placement's.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence

from nac.enforcement.layout import Layout
from nac.policy.contradiction import Needs, Reader, opposed
from nac.policy.model import Allow, Place, Policy, Segment
from nac.policy.source import Diagnostic, Severity


def misfits(policy: Policy, layouts: Sequence[Layout]) -> list[Diagnostic]:
    """For each segment and dialect whose reply may be one that cannot be sent: an error at the first `place` that leads
    to it, or a warning where the segment has a `fallback`, into which such a session is put.
    """
    reader = Reader(policy.persona_conditions())
    segments = {segment.name.text: segment for segment in policy.segments}
    allows = [
        (reader.needs(rule.condition), [name.text for name in rule.resources])
        for rule in policy.rules
        if isinstance(rule, Allow) and not rule.monitor
    ]
    placed = [(rule, reader.needs(rule.condition)) for rule in policy.rules if isinstance(rule, Place)]
    grants = _Grants(allows, opposed([*(needs for needs, _ in allows), *(needs for _, needs in placed)]))
    suspect = {
        name: [layout for layout in layouts if layout.unfit(name, grants.everything) is not None] for name in segments
    }
    same: dict[tuple[str, frozenset[str]], list[Place]] = {}
    for rule, needs in placed:
        if suspect[rule.segment.text]:
            same.setdefault((rule.segment.text, grants.beside(needs)), []).append(rule)
    return [
        found
        for (name, granted), alike in same.items()
        for layout in suspect[name]
        for found in _misfit(alike, segments[name], granted, layout)
    ]


_Group = tuple[Needs, set[str]]


class _Grants:
    """What every `allow` needs and adds, found by the facts that its condition ties to values."""

    def __init__(self, allows: Sequence[tuple[Needs, Sequence[str]]], opposed_parts: frozenset[Hashable]) -> None:
        self.everything = frozenset(name for _, names in allows for name in names)
        self._opposed = opposed_parts
        groups: dict[Hashable, _Group] = {}
        for needs, names in allows:
            groups.setdefault(self._signature(needs), (needs, set()))[1].update(names)
        self._groups = list(groups.values())
        self._tied: dict[str, dict[str | bool | int, list[_Group]]] = {}
        self._untied: dict[str, list[_Group]] = {}
        for fact in {fact for needs, _ in self._groups for fact in needs.values}:
            by_value = self._tied.setdefault(fact, {})
            for group in self._groups:
                for value in group[0].values.get(fact, ()):
                    by_value.setdefault(value, []).append(group)
            self._untied[fact] = [group for group in self._groups if fact not in group[0].values]
        self._found: dict[Hashable, frozenset[str]] = {}

    def _signature(self, needs: Needs) -> Hashable:
        """The same for conditions that contradict the same ones."""
        values, ranges = frozenset(needs.values.items()), frozenset(needs.ranges.items())
        return frozenset(needs.parts & self._opposed), values, ranges

    def beside(self, placed: Needs) -> frozenset[str]:
        """The resources that some `allow` could add to a session for which `placed` holds."""
        signature = self._signature(placed)
        if signature not in self._found:
            together = (names for needs, names in self._candidates(placed) if not needs.contradicts(placed))
            self._found[signature] = frozenset().union(*together)
        return self._found[signature]

    def _candidates(self, placed: Needs) -> Iterable[_Group]:
        tied = [fact for fact in placed.values if fact in self._tied]
        if not tied:
            return self._groups
        fact = min(tied, key=lambda one: len(self._untied[one]))
        by_value = self._tied[fact]
        agreeing = [group for value in placed.values[fact] for group in by_value.get(value, ())]
        return [*self._untied[fact], *agreeing]


def _misfit(alike: Sequence[Place], segment: Segment, granted: frozenset[str], layout: Layout) -> list[Diagnostic]:
    """`alike`: the statements that place in `segment` and beside which the same can be granted."""
    reason = layout.unfit(segment.name.text, granted)
    if reason is None:
        return []
    place = alike[0]
    also = f" (here and at {len(alike) - 1} more)" if len(alike) > 1 else ""
    message = f"dialect {layout.dialect.name}: a session placed here{also} can be granted {reason}"
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
