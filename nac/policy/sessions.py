"""Every session that a policy allows, as goals of a `nac.policy.solve.Space`: where it is placed, what it reaches.

A session reaches a resource through any grant whose addresses and ports overlap with it. Rules in `mode monitor` change
nothing. Disabled users and devices have no sessions: the data plane refuses them before it asks the policy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from nac.policy.flows import Flow, shared_flow
from nac.policy.model import Allow, Comparison, Forbid, Name, Place, Policy, Reject, Resource, Subject
from nac.policy.reference import order_of_resources
from nac.policy.solve import Goal, Space
from nac.policy.source import Source, Span
from nac.policy.walk import facts_in

_WHO: Final = ("user.", "certificate.")
"""Facts that say who someone is, not with what and from where."""


@dataclass(frozen=True, slots=True)
class Way:
    """A grant by which a resource is reached, and a flow that it opens there."""

    granted: str
    flow: Flow


class Sessions:
    """The sessions of one policy, which is one of the space's."""

    def __init__(self, space: Space, policy: Policy) -> None:
        self._space = space
        self._policy = policy
        self._resources = {resource.name.text: resource for resource in policy.resources}
        self._personas = policy.persona_conditions()
        self._granted: dict[str, Goal] = {}
        self._ways: dict[str, tuple[Way, ...]] = {}
        self._placed = self._placements()
        self.accepted: Goal = space.either(self._placed.values())

    def _placements(self) -> dict[str, Goal]:
        """The segments with the goal that a session is put there: the first of the ordered rules decides."""
        space, policy = self._space, self._policy
        enabled = (_flag(policy, "user.disabled"), _flag(policy, "device.disabled"))
        undecided = space.both(space.false(policy, flag) for flag in enabled)
        found: dict[str, list[Goal]] = {segment.name.text: [] for segment in policy.segments}
        for rule in policy.rules:
            if rule.monitor or not isinstance(rule, Place | Reject):
                continue
            if isinstance(rule, Place):
                matches = space.true(policy, rule.condition)
                found[rule.segment.text].append(space.both([undecided, matches]))
            else:
                matches = space.no(space.false(policy, rule.condition))
            undecided = space.both([undecided, space.no(matches)])
        return {segment: space.either(goals) for segment, goals in found.items()}

    def placed(self, segment: str) -> Goal:
        """The session is put into that segment; never for one that does not exist."""
        return self._placed.get(segment, self._space.either(()))

    def persona(self, name: str) -> Goal:
        """The persona's condition is true; never for one that does not exist."""
        condition = self._personas.get(name)
        return self._space.either(()) if condition is None else self._space.true(self._policy, condition)

    def alone(self, name: str) -> Goal:
        """The persona and no other that says who someone is, except those that it implies or that imply it.

        Someone may be two personas and reach what both do; this tells what each one gives. A persona that asks for more
        than the user and the certificate (the device, its posture) says how someone comes, and is left open.
        """
        space, persona = self._space, self.persona(name)
        others = [other for other in self._personas if other != name and self._says_who(other)]
        unrelated = [
            self.persona(other)
            for other in (others if self._says_who(name) else [])
            if space.possible(persona, space.no(self.persona(other)))
            and space.possible(self.persona(other), space.no(persona))
        ]
        return space.both([persona, *(space.no(other) for other in unrelated)])

    def _says_who(self, persona: str) -> bool:
        return all(fact.startswith(_WHO) for fact in facts_in(self._policy, self._personas[persona]))

    def subject(self, subject: Subject) -> Goal:
        """The session is one of those that an invariant speaks of."""
        name = subject.name.text if subject.name else ""
        match subject.kind:
            case "persona":
                return self._space.both([self.accepted, self.persona(name)])
            case "segment":
                return self.placed(name)
            case "environment":
                return self._space.either(
                    self.placed(one.name.text) for one in self._policy.segments if one.environment == name
                )
            case "anyone":
                return self.accepted

    def granted(self, name: str) -> Goal:
        """The session is placed, an `allow` of the resource matches, and no `forbid` of it does."""
        if name not in self._granted:
            space, policy = self._space, self._policy
            rules = [rule for rule in policy.rules if isinstance(rule, Allow | Forbid) and not rule.monitor]
            naming = [rule for rule in rules if any(one.text == name for one in rule.resources)]
            allows = [space.true(policy, rule.condition) for rule in naming if isinstance(rule, Allow)]
            spared = [space.false(policy, rule.condition) for rule in naming if isinstance(rule, Forbid)]
            self._granted[name] = space.both([self.accepted, space.either(allows), *spared])
        return self._granted[name]

    def reaches(self, name: str) -> Goal:
        """The session can send into the resource, by whichever grant; never for one that does not exist."""
        return self._space.either(self.granted(way.granted) for way in self.ways(name))

    def ways(self, name: str) -> tuple[Way, ...]:
        """The grants that open some of the resource: its own first."""
        if name not in self._ways:
            target = self._resources.get(name)
            others = [] if target is None else self._ways_into(target)
            self._ways[name] = tuple(sorted(others, key=lambda way: way.granted != name))
        return self._ways[name]

    def _ways_into(self, target: Resource) -> list[Way]:
        flows = ((name, shared_flow(self._resources[name], target)) for name in order_of_resources(self._policy))
        return [Way(name, flow) for name, flow in flows if flow is not None]


def _flag(policy: Policy, fact: str) -> Comparison:
    """`fact` by itself, as if it stood at the beginning of the policy."""
    source = policy.sources[0] if policy.sources else Source("", "")
    span = Span(source, 1, 1)
    return Comparison(Name(fact, span), "=", True, span)
