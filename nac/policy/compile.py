"""A checked policy -> what the data plane decides with, for the dialects that clients speak."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import assert_never

from nac import _dataplane
from nac.enforcement.layout import Layout, lay_out
from nac.enforcement.vendor import DIALECTS
from nac.errors import PolicyError
from nac.policy.examine import Answer, examine
from nac.policy.fit import misfits
from nac.policy.load import CheckedPolicy
from nac.policy.model import (
    All,
    Allow,
    Always,
    Any,
    Comparison,
    Condition,
    Forbid,
    Not,
    PersonaReference,
    Place,
    Policy,
    Reject,
    Resource,
    Rule,
    Value,
)
from nac.policy.reference import order_of_resources
from nac.policy.source import Diagnostic, Severity, nearest, ordered


@dataclass(frozen=True, slots=True)
class CompiledPolicy:
    """`native` goes into a snapshot; `layouts` shows, by dialect, what it will send."""

    native: _dataplane.Policy
    digest: str
    layouts: Mapping[str, Layout]
    warnings: tuple[Diagnostic, ...]


def compile_policy(
    checked: CheckedPolicy, dictionary: _dataplane.Dictionary, *, dialects: Collection[str] | None = None
) -> CompiledPolicy:
    """Compile for `dialects`, and run the test blocks again on the compiled form.

    Name the dialects that clients use; without them every dialect is tried, and none is warned about.

    Raises `PolicyError` for a reply that cannot fit, an unknown dialect, or a test that fails.
    """
    policy = checked.policy
    layouts = _layouts(policy, dictionary, sorted(DIALECTS if dialects is None else dialects))
    problems = misfits(policy, layouts)
    if problems:
        raise PolicyError([one.render() for one in ordered(problems)])
    native = compile_native(policy, layouts, checked.digest)
    failed = examine(policy, lambda facts: answer(native, facts))
    if failed:
        raise PolicyError([one.render() for one in ordered(failed)])
    unenforced = _unenforced(policy, layouts) if dialects is not None else []
    warnings = (*checked.warnings, *unenforced)
    return CompiledPolicy(native, checked.digest, {one.dialect.name: one for one in layouts}, warnings)


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


def compile_native(policy: Policy, layouts: Sequence[Layout], digest: str) -> _dataplane.Policy:
    """The data plane's form of a policy that has passed `check`."""
    personas = {persona.name.text: persona.condition for persona in policy.personas}
    compiler = _Conditions(personas)
    return _dataplane.Policy(
        rules=[_rule(rule, compiler) for rule in policy.rules],
        segments=[
            _dataplane.Segment(
                name=segment.name.text,
                replies={one.dialect.name: one.segments[segment.name.text].encoded for one in layouts},
                session_timeout=segment.session,
            )
            for segment in policy.segments
        ],
        resources=[
            _dataplane.Resource(
                name=name, access_list={one.dialect.name: one.resources[name].encoded for one in layouts}
            )
            for name in order_of_resources(policy)
        ],
        dialects=[
            _dataplane.Dialect(name=one.dialect.name, before=one.before.encoded, after=one.after.encoded)
            for one in layouts
        ],
        digest=digest,
    )


def answer(native: _dataplane.Policy, facts: Mapping[str, Value]) -> Answer:
    """What the compiled policy decides, as test blocks see it."""
    decision = native.decide(facts)
    return Answer(decision.segment, frozenset(decision.grants), decision.rule)


def _rule(rule: Rule, compiler: _Conditions) -> _dataplane.Rule:
    condition = compiler.compile(rule.condition)
    label, location = rule.label, rule.span.location
    match rule:
        case Place(segment):
            return _dataplane.Rule(
                effect="place", targets=[segment.text], condition=condition, label=label, location=location
            )
        case Reject():
            return _dataplane.Rule(effect="reject", condition=condition, label=label, location=location)
        case Allow(names):
            targets = [name.text for name in names]
            return _dataplane.Rule(effect="allow", targets=targets, condition=condition, label=label, location=location)
        case Forbid(names):
            targets = [name.text for name in names]
            return _dataplane.Rule(
                effect="forbid", targets=targets, condition=condition, label=label, location=location
            )
        case _:
            assert_never(rule)


class _Conditions:
    """Compiles conditions; each persona once, shared by all that use it."""

    def __init__(self, personas: Mapping[str, Condition]) -> None:
        self._personas = personas
        self._compiled: dict[str, _dataplane.Condition] = {}

    def compile(self, condition: Condition) -> _dataplane.Condition:
        native = _dataplane.Condition
        match condition:
            case Always():
                return native.always()
            case All(parts):
                return native.all([self.compile(part) for part in parts])
            case Any(parts):
                return native.any([self.compile(part) for part in parts])
            case Not(part):
                return native.negate(self.compile(part))
            case PersonaReference(name):
                if name.text not in self._compiled:
                    self._compiled[name.text] = self.compile(self._personas[name.text])
                return self._compiled[name.text]
            case Comparison(fact, operator, value):
                return native.compare(fact=fact.text, operator=operator, value=value)
            case _:
                assert_never(condition)


def _unenforced(policy: Policy, layouts: Sequence[Layout]) -> list[Diagnostic]:
    """What a dialect without access lists cannot do: narrow a segment, or take a grant away again."""
    without = [layout.dialect.name for layout in layouts if not layout.dialect.in_line]
    placed = {rule.segment.text for rule in policy.rules if isinstance(rule, Place)}
    confine = "give it a `filter-id` that names a list on those switches, or let the network confine its VLAN"
    segments = [
        Diagnostic(
            segment.name.span,
            f"clients of dialect {name} take no access list: they enforce `{segment.name.text}` by its VLAN alone",
            confine,
            Severity.WARNING,
        )
        for name in without
        for segment in policy.segments
        if segment.name.text in placed and segment.filter_id is None
    ]
    forbids = [
        Diagnostic(
            rule.span,
            f"clients of dialect {name} take no access list: this `forbid` changes nothing there",
            "put those sessions into a segment of their own with a `place` above, or use a dialect with access lists",
            Severity.WARNING,
        )
        for name in without
        for rule in policy.rules
        if isinstance(rule, Forbid)
    ]
    return segments + forbids
