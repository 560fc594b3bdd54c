"""Blast radius: everything that a persona or a device could reach, and how sensitive it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from nac.policy.flows import Flow
from nac.policy.model import Policy, Resource, Value
from nac.policy.reference import decide
from nac.policy.sessions import Sessions, Way
from nac.policy.solve import Facts, Goal, Space

_FREE: Final = ("client.", "nas.", "tls.", "connection", "ssid", "time", "previous.segment")
"""Facts of where and when: whoever holds a device can carry it elsewhere and wait."""

_WEIGHTS: Final = {"high": 3, "medium": 2, "low": 1}


@dataclass(frozen=True, slots=True)
class Reached:
    """A resource, one grant and flow by which it is reached, and a session that does, with as few facts as it takes."""

    resource: Resource
    way: Way
    facts: Facts

    @property
    def sensitivity(self) -> str | None:
        """The label of the resource."""
        return self.resource.label("sensitivity")

    @property
    def flow(self) -> Flow:
        """An open flow."""
        return self.way.flow


def reach_of_persona(policy: Policy, persona: str) -> list[Reached]:
    """What sessions of a persona alone could reach, over all facts. Raises `nac.policy.solve.UndecidedError`."""
    space = Space([policy])
    sessions = Sessions(space, policy)
    return _reached(space, sessions, policy, [sessions.alone(persona)])


def reach_of_session(policy: Policy, facts: Mapping[str, Value]) -> list[Reached]:
    """What the user and device of these facts could reach now, from wherever and whenever they connect."""
    space = Space([policy])
    sessions = Sessions(space, policy)
    held = {name: value for name, value in facts.items() if name in space.asked and not name.startswith(_FREE)}
    absent = [name for name in space.asked if name not in facts and not name.startswith(_FREE)]
    return _reached(space, sessions, policy, space.given(held, absent))


def blast_radius(reached: list[Reached]) -> int:
    """One number to compare: 3 for a resource of high sensitivity, 2 for medium, 1 for low and for none."""
    return sum(_WEIGHTS.get(one.sensitivity or "", 1) for one in reached)


def _reached(space: Space, sessions: Sessions, policy: Policy, who: list[Goal]) -> list[Reached]:
    found = []
    for resource in policy.resources:
        facts = space.satisfy(*who, sessions.reaches(resource.name.text))
        if facts is not None:
            granted = decide(policy, facts).grants
            way = next(way for way in sessions.ways(resource.name.text) if way.granted in granted)
            found.append(Reached(resource, way, facts))
    return found
