"""A condition -> the data plane's form, which shares what conditions have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import assert_never

from nac import _dataplane
from nac.policy.model import All, Always, Any, Comparison, Condition, During, Name, Not, PersonaReference, Policy
from nac.policy.schedule import Interval, intervals
from nac.policy.walk import as_has_any


class Conditions:
    """Compiles the conditions of one policy; each persona, schedule and list of values once, shared by all that use it.

    `span`: Unix seconds for which the schedules are worked out.
    """

    def __init__(self, policy: Policy, span: Interval) -> None:
        self._span = span
        self._written: Mapping[str, Condition] = policy.persona_conditions()
        self._schedules = policy.schedules_by_name()
        self._personas: dict[str, _dataplane.Condition] = {}
        self._during: dict[str, _dataplane.Condition] = {}
        self._comparisons: dict[object, _dataplane.Condition] = {}

    def compile(self, condition: Condition) -> _dataplane.Condition:
        """The condition as the data plane evaluates it."""
        native = _dataplane.Condition
        match condition:
            case Always():
                return native.always()
            case All(parts):
                return native.all([self.compile(part) for part in parts])
            case Any(parts):
                return self._has_any(parts) or native.any([self.compile(part) for part in parts])
            case Not(part):
                return native.negate(self.compile(part))
            case PersonaReference(persona):
                return self._persona(persona)
            case During(schedule):
                return self._schedule(schedule)
            case Comparison():
                return self._comparison(condition)
            case _:
                assert_never(condition)

    def _persona(self, name: Name) -> _dataplane.Condition:
        if name.text not in self._personas:
            self._personas[name.text] = self.compile(self._written[name.text])
        return self._personas[name.text]

    def _schedule(self, name: Name) -> _dataplane.Condition:
        if name.text not in self._during:
            held = intervals(self._schedules[name.text], self._span)
            self._during[name.text] = _dataplane.Condition.during(intervals=held, known=self._span)
        return self._during[name.text]

    def _comparison(self, comparison: Comparison) -> _dataplane.Condition:
        key = (comparison.fact.text, comparison.operator, type(comparison.value), comparison.value)
        if key not in self._comparisons:
            self._comparisons[key] = _dataplane.Condition.compare(
                fact=comparison.fact.text, operator=comparison.operator, value=comparison.value
            )
        return self._comparisons[key]

    def _has_any(self, parts: tuple[Condition, ...]) -> _dataplane.Condition | None:
        asked = as_has_any(parts)
        if asked is None:
            return None
        if ("has any", asked) not in self._comparisons:
            fact, members = asked
            compared = _dataplane.Condition.compare(fact=fact, operator="has any", value=members)
            self._comparisons["has any", asked] = compared
        return self._comparisons["has any", asked]
