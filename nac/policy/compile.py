"""A checked policy -> what the data plane decides with, for the dialects that clients speak."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final, Literal, assert_never

from nac import _dataplane
from nac.enforcement.budget import MAX_POLICY
from nac.enforcement.layout import Layout, Piece, lay_out
from nac.enforcement.vendor import DIALECTS, UNCHOSEN
from nac.errors import PolicyError
from nac.policy.collector import uncollected
from nac.policy.compile_condition import Conditions
from nac.policy.examine import Answer, examine
from nac.policy.facts import TIME
from nac.policy.fit import misfits
from nac.policy.load import CheckedPolicy
from nac.policy.model import Allow, Forbid, Place, Policy, Reject, Resource, Rule, Segment, Site, Test, Value
from nac.policy.reference import order_of_resources
from nac.policy.schedule import Interval, intervals, known_span
from nac.policy.source import Diagnostic, Severity, nearest, ordered

NO_POSTURES: Final = Policy(sources=())


@dataclass(frozen=True, slots=True)
class CompiledPolicy:
    """`native` goes into a snapshot; `layouts` shows, by dialect, what it will send. `dialects`: what it was asked for.
    `sites`: where clients stand. `known_until`: Unix seconds up to which the schedules are worked out, None without
    schedules; later it is not known whether they hold. `postures`: what reports are judged by, with the personas that
    they name and nothing else.
    """

    native: _dataplane.Policy
    digest: str
    dialects: frozenset[str] | None
    layouts: Mapping[str, Layout]
    warnings: tuple[Diagnostic, ...]
    sites: tuple[Site, ...] = ()
    known_until: int | None = None
    postures: Policy = NO_POSTURES


@uncollected
def compile_policy(
    checked: CheckedPolicy,
    dictionary: _dataplane.Dictionary,
    *,
    dialects: Collection[str] | None = None,
    now: datetime | None = None,
) -> CompiledPolicy:
    """Compile for `dialects`, and run the test blocks again on the compiled form.

    Name the dialects that clients use; without them the policy has to fit the standard's, and none is warned about.
    Schedules are worked out around `now`, the current time unless said otherwise.

    Raises `PolicyError` for a reply that cannot fit, an unknown dialect, or a test that fails.
    """
    policy = checked.policy
    span = known_span(now or datetime.now(UTC))
    layouts = _layouts(policy, dictionary, sorted(UNCHOSEN if dialects is None else dialects))
    found = misfits(policy, layouts)
    errors = [one for one in found if one.severity is Severity.ERROR]
    if errors:
        raise PolicyError([one.render() for one in ordered(errors)])
    native = compile_native(policy, layouts, checked.digest, span)
    failed = examine(_with_known_times(policy, span), lambda facts: answer(native, facts))
    if failed:
        raise PolicyError([one.render() for one in ordered(failed)])
    warnings = [*checked.warnings, *found, *_over(policy, span)]
    warnings += _unenforced(policy, layouts) if dialects is not None else []
    return CompiledPolicy(
        native=native,
        digest=checked.digest,
        dialects=None if dialects is None else frozenset(dialects),
        layouts={one.dialect.name: one for one in layouts},
        warnings=tuple(warnings),
        sites=policy.sites,
        known_until=span[1] if policy.schedules else None,
        postures=Policy(sources=(), personas=policy.personas, postures=policy.postures),
    )


def _layouts(policy: Policy, dictionary: _dataplane.Dictionary, names: Sequence[str]) -> list[Layout]:
    unknown = [name for name in names if name not in DIALECTS]
    if unknown:
        fix = nearest(unknown[0], list(DIALECTS))
        raise PolicyError([f"there is no dialect `{unknown[0]}`; {fix}"])
    resources = resources_in_order(policy)
    try:
        return [lay_out(DIALECTS[name], policy.segments, resources, dictionary) for name in names]
    except _dataplane.DictionaryError as error:
        raise PolicyError([f"a reply cannot be encoded: {error}"]) from error


def resources_in_order(policy: Policy) -> list[Resource]:
    """The resources as their lines stand in an access list."""
    by_name = {resource.name.text: resource for resource in policy.resources}
    return [by_name[name] for name in order_of_resources(policy)]


def _with_known_times(policy: Policy, span: Interval) -> Policy:
    """With those tests alone whose time the compiled form knows; `read` has run all of them."""

    def is_known(test: Test) -> bool:
        times = [given.value for given in test.given if given.fact.text == TIME]
        return all(isinstance(time, int) and span[0] <= time < span[1] for time in times)

    return replace(policy, tests=tuple(test for test in policy.tests if is_known(test)))


def _over(policy: Policy, span: Interval) -> list[Diagnostic]:
    """A warning for each schedule that does not hold any more, or for a year to come."""
    now = (span[0] + span[1]) // 2
    message = "schedule `{}` does not hold at any time within the next 400 days"
    return [
        Diagnostic(schedule.name.span, message.format(schedule.name.text), severity=Severity.WARNING)
        for schedule in policy.schedules
        if not intervals(schedule, (now, span[1]))
    ]


def compile_native(policy: Policy, layouts: Sequence[Layout], digest: str, span: Interval) -> _dataplane.Policy:
    """The data plane's form of a policy that has passed `check`; its schedules are worked out for `span`."""
    conditions = Conditions(policy, span)
    return _dataplane.Policy(
        rules=[_rule(rule, conditions) for rule in policy.rules],
        segments=[_segment(segment, layouts) for segment in policy.segments],
        resources=[_resource(name, layouts) for name in order_of_resources(policy)],
        dialects=[_dialect(layout) for layout in layouts],
        digest=digest,
    )


def _segment(segment: Segment, layouts: Sequence[Layout]) -> _dataplane.Segment:
    name = segment.name.text
    return _dataplane.Segment(
        name=name,
        replies={layout.dialect.name: layout.segments[name].encoded for layout in layouts},
        site_replies={
            (site, layout.dialect.name): piece.encoded
            for layout in layouts
            for (site, placed), piece in layout.sites.items()
            if placed == name
        },
        session_timeout=segment.session,
        fallback=segment.fallback.text if segment.fallback else None,
        confined_replies={layout.dialect.name: layout.fallbacks[None, name].encoded for layout in layouts},
        confined_site_replies={
            (site, layout.dialect.name): piece.encoded
            for layout in layouts
            for (site, placed), piece in layout.fallbacks.items()
            if placed == name and site is not None
        },
    )


def _resource(name: str, layouts: Sequence[Layout]) -> _dataplane.Resource:
    pieces = {layout.dialect.name: piece for layout in layouts if (piece := layout.resources[name]) is not None}
    return _dataplane.Resource(
        name=name,
        access_list={dialect: piece.encoded for dialect, piece in pieces.items()},
        extents={dialect: _extent(piece) for dialect, piece in pieces.items()},
    )


def _dialect(layout: Layout) -> _dataplane.Dialect:
    budget = layout.dialect.budget
    return _dataplane.Dialect(
        name=layout.dialect.name,
        before=layout.before.encoded,
        after=layout.after.encoded,
        before_extent=_extent(layout.before),
        after_extent=_extent(layout.after),
        max_octets=MAX_POLICY,
        max_lines=budget.lines,
        max_characters=budget.characters,
        downloads=layout.dialect.lists is not None and layout.dialect.lists.downloaded,
    )


def _extent(piece: Piece) -> tuple[int, int]:
    return piece.extent.lines, piece.extent.characters


def answer(native: _dataplane.Policy, facts: Mapping[str, Value]) -> Answer:
    """What the compiled policy decides, as test blocks see it."""
    decision = native.decide(facts)
    return Answer(decision.segment, frozenset(decision.grants), decision.rule)


def _rule(rule: Rule, conditions: Conditions) -> _dataplane.Rule:
    return _dataplane.Rule(
        effect=_effect(rule),
        targets=_targets(rule),
        condition=conditions.compile(rule.condition),
        label=rule.label,
        location=rule.span.location,
        monitor=rule.monitor,
    )


def _effect(rule: Rule) -> Literal["place", "reject", "allow", "forbid"]:
    match rule:
        case Place():
            return "place"
        case Reject():
            return "reject"
        case Allow():
            return "allow"
        case Forbid():
            return "forbid"
        case _:
            assert_never(rule)


def _targets(rule: Rule) -> list[str]:
    match rule:
        case Place(segment):
            return [segment.text]
        case Reject():
            return []
        case Allow(resources) | Forbid(resources):
            return [name.text for name in resources]
        case _:
            assert_never(rule)


def _unenforced(policy: Policy, layouts: Sequence[Layout]) -> list[Diagnostic]:
    """What a dialect without access lists cannot do: narrow a segment, or take a grant away again."""
    without = [layout for layout in layouts if not layout.dialect.in_line]
    placed = {rule.segment.text for rule in policy.rules if isinstance(rule, Place)}
    confine = "give it a `role` or `filter-id` that those switches know, or let the network confine its VLAN"
    segments = [
        Diagnostic(
            segment.name.span,
            f"clients of dialect {layout.dialect.name} take no access list: they enforce `{segment.name.text}` by its "
            "VLAN alone",
            confine,
            Severity.WARNING,
        )
        for layout in without
        for segment in policy.segments
        if segment.name.text in placed and segment.name.text not in layout.named
    ]
    forbids = [
        Diagnostic(
            rule.span,
            f"clients of dialect {layout.dialect.name} take no access list: this `forbid` changes nothing there",
            "put those sessions into a segment of their own with a `place` above, or use a dialect with access lists",
            Severity.WARNING,
        )
        for layout in without
        for rule in policy.rules
        if isinstance(rule, Forbid) and not rule.monitor
    ]
    return segments + forbids
