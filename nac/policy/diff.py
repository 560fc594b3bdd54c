"""What a change of the policy changes: proved for personas over all facts, decided for sessions that are on record.

Both policies share one `Space`, so "reached now and not before" is one question, and its answer is a session that shows
it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Final

from nac.policy.model import Name, Policy, Resource, Segment, Value
from nac.policy.reference import Verdict, decide
from nac.policy.sessions import Sessions
from nac.policy.solve import Facts, Goal, Space

_PLACEMENTS: Final = 8
"""Pairs of segments that are told of one persona."""


@dataclass(frozen=True, slots=True)
class Gain:
    """A persona reaches a resource in some session in which it did not (`gained`), or no longer does.

    `persona`: None for sessions of no persona alone.
    """

    persona: str | None
    resource: str
    gained: bool
    example: Facts


@dataclass(frozen=True, slots=True)
class Move:
    """Sessions of a persona are put elsewhere. None: rejected."""

    persona: str
    before: str | None
    after: str | None
    example: Facts


@dataclass(frozen=True, slots=True)
class Declared:
    """A declaration that came, went, or is another: `what` says how."""

    kind: str
    name: str
    what: str


@dataclass(frozen=True, slots=True)
class DeviceChange:
    """A device on record that would be answered otherwise now."""

    device: str
    before: Verdict
    after: Verdict


@dataclass(frozen=True, slots=True)
class Difference:
    """`asked`: the facts that either policy asks for."""

    gains: tuple[Gain, ...]
    moves: tuple[Move, ...]
    declared: tuple[Declared, ...]
    devices: tuple[DeviceChange, ...]
    asked: frozenset[str]


def difference(old: Policy, new: Policy, devices: Mapping[str, Mapping[str, Value]]) -> Difference:
    """Compare two policies. `devices`: the facts that each device on record would bring now.

    A persona, alone, is who its condition says in the new policy, or in the old one where the new one has none of that
    name. What changes only for others, or for combinations of personas, is told of without a persona.
    Raises `nac.policy.solve.UndecidedError`.
    """
    space = Space([old, new])
    before, after = Sessions(space, old), Sessions(space, new)
    personas = list(dict.fromkeys(one.name.text for policy in (new, old) for one in policy.personas))
    kept = {one.name.text for one in new.personas}
    who = {name: (after if name in kept else before).alone(name) for name in personas}
    resources = list(dict.fromkeys(one.name.text for policy in (old, new) for one in policy.resources))
    gains = [gain for name in personas for gain in _gains(space, before, after, name, who[name], resources)]
    told = {(gain.resource, gain.gained) for gain in gains}
    others = _gains(space, before, after, None, space.both(()), resources)
    gains += [gain for gain in others if (gain.resource, gain.gained) not in told]
    moves = [move for name in personas for move in _moves(space, (before, after), (old, new), name, who[name])]
    return Difference(tuple(gains), tuple(moves), tuple(_declared(old, new)), _devices(old, new, devices), space.asked)


def _gains(
    space: Space, before: Sessions, after: Sessions, persona: str | None, who: Goal, resources: Sequence[str]
) -> list[Gain]:
    found = []
    for resource in resources:
        was, becomes = before.reaches(resource), after.reaches(resource)
        for gained, goals in ((True, (becomes, space.no(was))), (False, (was, space.no(becomes)))):
            example = space.satisfy(who, *goals)
            if example is not None:
                found.append(Gain(persona, resource, gained, example))
    return found


def _moves(
    space: Space, sessions: tuple[Sessions, Sessions], policies: tuple[Policy, Policy], persona: str, who: Goal
) -> list[Move]:
    """Each pair of segments once, by excluding those that were found."""
    placed: list[dict[str | None, Goal]] = [
        {
            **{segment.name.text: one.placed(segment.name.text) for segment in policy.segments},
            None: space.no(one.accepted),
        }
        for one, policy in zip(sessions, policies, strict=True)
    ]
    pairs = {
        (before, after): space.both([goal, placed[1][after]])
        for before, goal in placed[0].items()
        for after in placed[1]
        if before != after
    }
    found: list[Move] = []
    while pairs and len(found) < _PLACEMENTS:
        some = space.either(pairs.values())
        if not space.possible(who, some):
            break
        pair = next(pair for pair, goal in pairs.items() if space.holds(goal))
        example = space.satisfy(who, pairs.pop(pair))
        found.append(Move(persona, *pair, example or {}))
    return found


def _declared(old: Policy, new: Policy) -> list[Declared]:
    found: list[Declared] = []
    kinds: tuple[tuple[str, Sequence[Resource | Segment], Sequence[Resource | Segment]], ...] = (
        ("resource", old.resources, new.resources),
        ("segment", old.segments, new.segments),
    )
    for kind, were, are in kinds:
        before, after = ({one.name.text: one for one in some} for some in (were, are))
        for name in dict.fromkeys([*before, *after]):
            if name not in after:
                found.append(Declared(kind, name, "is gone"))
            elif name not in before:
                found.append(Declared(kind, name, "is new"))
            else:
                found += [Declared(kind, name, what) for what in _altered(before[name], after[name])]
    return found


def _altered(before: Resource | Segment, after: Resource | Segment) -> list[str]:
    """Each property that is another now, in words."""
    words = []
    for field in fields(before):
        was, becomes = _shown(getattr(before, field.name)), _shown(getattr(after, field.name))
        if was != becomes:
            words.append(f"{field.name.replace('_', '-')}: {was} -> {becomes}")
    return words


def _shown(value: object) -> str:
    if isinstance(value, Name):
        return value.text
    if isinstance(value, tuple):
        return (
            ", ".join(
                " ".join(_shown(part) for part in one) if isinstance(one, tuple) else _shown(one) for one in value
            )
            or "none"
        )
    return "none" if value is None else _port(value)


def _port(value: object) -> str:
    from nac.policy.model import Port

    if not isinstance(value, Port):
        return str(value)
    ports = (
        "" if value.protocol == "icmp" else f" {value.first}" + (f"-{value.last}" if value.last > value.first else "")
    )
    return f"{value.protocol}{ports}"


def _devices(old: Policy, new: Policy, devices: Mapping[str, Mapping[str, Value]]) -> tuple[DeviceChange, ...]:
    decided = ((name, decide(old, facts), decide(new, facts)) for name, facts in devices.items())
    return tuple(
        DeviceChange(name, before, after)
        for name, before, after in decided
        if (before.segment, set(before.grants)) != (after.segment, set(after.grants))
    )
