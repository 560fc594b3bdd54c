"""Fills in what names stand for: lists become their values, selectors the resources they choose.

Everything after this sees comparisons with values and statements with `resources`. Names of resources, segments and
personas are left to `nac.policy.check`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TypeVar, assert_never

from nac.policy.facts import normal_mac
from nac.policy.model import (
    All,
    Allow,
    Always,
    Any,
    Comparison,
    Condition,
    During,
    Everything,
    Forbid,
    Invariant,
    Labelled,
    ListDeclaration,
    Name,
    Named,
    Never,
    Not,
    Only,
    OutsideRegion,
    PersonaReference,
    Place,
    Policy,
    Reject,
    Resource,
    Rule,
    Selector,
)
from nac.policy.source import Diagnostic, Severity, Span, nearest

_Statement = TypeVar("_Statement", Allow, Forbid, Never, Only)


def resolve(policy: Policy) -> tuple[Policy, list[Diagnostic]]:
    """The policy with lists and selectors filled in, and what they do not name. What has no meaning stays as it was
    written, so that the rest can be checked all the same.
    """
    resolver = _Resolver(policy)
    resolved = replace(
        policy,
        personas=tuple(replace(one, condition=resolver.condition(one.condition)) for one in policy.personas),
        postures=tuple(replace(one, condition=resolver.condition(one.condition)) for one in policy.postures),
        rules=tuple(rule for written in policy.rules for rule in resolver.rule(written)),
        invariants=tuple(resolver.invariant(one) for one in policy.invariants),
    )
    return resolved, [*resolver.problems, *resolver.unused_lists()]


def residencies(policy: Policy) -> dict[str, list[Resource]]:
    """The resources by where they reside, in lower case; those without residency are left out."""
    found: dict[str, list[Resource]] = {}
    for resource in policy.resources:
        region = resource.label("residency")
        if region is not None:
            found.setdefault(region.lower(), []).append(resource)
    return found


class _Resolver:
    """Knows the declarations of one policy; collects `problems`."""

    def __init__(self, policy: Policy) -> None:
        self.problems: list[Diagnostic] = []
        self._policy = policy
        self._lists: dict[str, ListDeclaration] = {one.name.text: one for one in reversed(policy.lists)}
        self._used_lists: set[str] = set()
        self._values: dict[tuple[str, bool], tuple[str, ...]] = {}
        self._chosen: dict[tuple[tuple[str, str], ...], tuple[str, ...]] = {}

    # --- conditions ---

    def condition(self, condition: Condition) -> Condition:
        """The condition with its lists written out."""
        match condition:
            case Always() | PersonaReference() | During():
                return condition
            case Comparison():
                return self._comparison(condition)
            case Not(part):
                return Not(self.condition(part))
            case All(parts):
                return All(tuple(self.condition(part) for part in parts))
            case Any(parts):
                return Any(tuple(self.condition(part) for part in parts))
            case _:
                assert_never(condition)

    def _comparison(self, comparison: Comparison) -> Condition:
        name = comparison.from_list
        if name is None:
            return comparison
        if name.text not in self._lists:
            fix = nearest(name.text, list(self._lists))
            self.problems.append(Diagnostic(name.span, f"there is no list `{name.text}`", fix))
            return comparison
        self._used_lists.add(name.text)
        values = self._values_for(name.text, is_mac=comparison.fact.text == "mac")
        if comparison.operator == "in":
            return replace(comparison, value=values, from_list=None)
        parts = tuple(replace(comparison, value=value, from_list=None) for value in values)
        return parts[0] if len(parts) == 1 else Any(parts)

    def _values_for(self, name: str, *, is_mac: bool) -> tuple[str, ...]:
        """The values once each; MAC addresses in the notation of the fact."""
        if (name, is_mac) not in self._values:
            written = self._lists[name].values
            values = (normal_mac(value) or value for value in written) if is_mac else written
            self._values[name, is_mac] = tuple(dict.fromkeys(values))
        return self._values[name, is_mac]

    def unused_lists(self) -> list[Diagnostic]:
        """A warning for each list that no condition has asked for so far."""
        return [
            Diagnostic(one.name.span, f"list `{one.name.text}` is not used", severity=Severity.WARNING)
            for one in self._policy.lists
            if one.name.text not in self._used_lists
        ]

    # --- statements ---

    def rule(self, rule: Rule) -> list[Rule]:
        """The rule with what it names; `residency outside client.region` makes one rule of each residency."""
        condition = self.condition(rule.condition)
        match rule:
            case Place() | Reject():
                return [replace(rule, condition=condition)]
            case Allow():
                return [self._aimed(replace(rule, condition=condition))]
            case Forbid():
                return self._forbids(replace(rule, condition=condition))
            case _:
                assert_never(rule)

    def invariant(self, invariant: Invariant) -> Invariant:
        """The invariant with what it names."""
        if isinstance(invariant, Only):
            return self._aimed(invariant)
        return self._aimed(replace(invariant, condition=self.condition(invariant.condition)))

    def _aimed(self, statement: _Statement) -> _Statement:
        return replace(statement, resources=self._resources(statement.selectors))

    def _forbids(self, rule: Forbid) -> list[Rule]:
        outside = [selector for selector in rule.selectors if isinstance(selector, OutsideRegion)]
        if not outside:
            return [self._aimed(rule)]
        others = tuple(selector for selector in rule.selectors if not isinstance(selector, OutsideRegion))
        rules: list[Rule] = [replace(rule, resources=self._resources(others))] if others else []
        span = outside[0].span
        elsewhere = residencies(self._policy)
        if not elsewhere:
            self.problems.append(Diagnostic(span, "no resource has a `residency`"))
        for region, resources in elsewhere.items():
            names = tuple(Name(resource.name.text, span) for resource in resources)
            rules.append(replace(rule, resources=names, condition=_and_not_in(rule.condition, region, span)))
        return rules

    def _resources(self, selectors: Sequence[Selector]) -> tuple[Name, ...]:
        """What the selectors name, each resource once."""
        names: dict[str, Name] = {}
        for selector in selectors:
            for name in self._selected(selector):
                names.setdefault(name.text, name)
        return tuple(names.values())

    def _selected(self, selector: Selector) -> Iterable[Name]:
        match selector:
            case Named(name):
                return (name,)
            case Labelled(labels, span):
                return self._named(self._with_labels(labels), span, _words(labels))
            case Everything(span):
                every = tuple(resource.name.text for resource in self._policy.resources)
                return self._named(every, span, "everything")
            case OutsideRegion():
                return ()
            case _:
                assert_never(selector)

    def _named(self, names: Sequence[str], span: Span, words: str) -> Iterable[Name]:
        if not names:
            self.problems.append(Diagnostic(span, f"`{words}` names no resource"))
        return (Name(name, span) for name in names)

    def _with_labels(self, labels: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
        if labels not in self._chosen:
            self._chosen[labels] = tuple(
                resource.name.text
                for resource in self._policy.resources
                if all((resource.label(key) or "").lower() == value.lower() for key, value in labels)
            )
        return self._chosen[labels]


def _and_not_in(condition: Condition, region: str, span: Span) -> Condition:
    outside = Not(Comparison(Name("client.region", span), "=", region, span))
    return outside if isinstance(condition, Always) else All((condition, outside))


def _words(labels: tuple[tuple[str, str], ...]) -> str:
    return " and ".join(f"{key} {value}" for key, value in labels)
