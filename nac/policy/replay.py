"""Decides recorded authentications once more, with the policy as it is and with a candidate, and says what changes.

The facts of every decision are on record, each distinct set once (`nac.events.fact_sets`). The data plane's own code
decides once for each combination of those facts that one of the two policies asks for. What stands beside a set (days
left, posture age, time) is told apart only as far as their comparisons do.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, Final

import msgspec
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from nac import _dataplane
from nac.db.schema import FactSet
from nac.events.fact_sets import DAYS_LEFT, POSTURE_AGE
from nac.policy.abstract_time import Timetable
from nac.policy.compile import compile_native
from nac.policy.facts import TIME
from nac.policy.model import Allow, Always, Comparison, During, Name, PersonaReference, Place, Policy, Resource, Segment
from nac.policy.schedule import known_span
from nac.policy.source import Source, Span
from nac.policy.walk import conditions, facts_in, leaves

_MICROSECONDS: Final = 1_000_000
_SETS_AT_ONCE: Final = 500
_ROWS_AT_ONCE: Final = 50_000

_Met = tuple[int, int | None, int | None, int | None]
"""A fact set as it was met: its row, days left, posture age, time (Unix seconds); None where no policy asks."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a policy answers. `segment`: None for a reject."""

    segment: str | None
    grants: tuple[str, ...]

    def __str__(self) -> str:
        return "reject" if self.segment is None else f"{self.segment}: {', '.join(self.grants) or 'nothing'}"


@dataclass(frozen=True, slots=True)
class Changed:
    """Authentications that would be answered otherwise. `personas`: of the candidate, those that hold."""

    device: str
    personas: tuple[str, ...]
    before: Answer
    after: Answer
    authentications: int


@dataclass(frozen=True, slots=True)
class Replay:
    """`decisions`: distinct ones; `without_facts`: authentications that never came to a decision. `digest`: over every
    decision, the same whenever the same records meet the same policies."""

    authentications: int
    decisions: int
    without_facts: int
    changed: tuple[Changed, ...]
    digest: str

    @property
    def changes(self) -> int:
        """Authentications that would be answered otherwise."""
        return sum(one.authentications for one in self.changed)


def replay(session: Session, current: Policy, candidate: Policy, *, since: int, until: int) -> Replay:
    """Replay the authentications from `since` to before `until` (Unix seconds). Both policies have been loaded."""
    met = _met(session, (current, candidate), since, until)
    deciders = _Deciders(current, candidate)
    lines: list[str] = []
    changed: Counter[tuple[str, tuple[str, ...], Answer, Answer]] = Counter()
    for digest, facts, count in _decided(session, met):
        was, becomes, personas = deciders.decide(facts)
        beside = [facts.get(name) for name in (DAYS_LEFT, POSTURE_AGE, TIME)]
        lines.append(f"{digest} {beside} {count} {was} {becomes}")
        if was != becomes:
            device = str(facts.get("device.name") or facts.get("mac") or "-")
            changed[device, personas, was, becomes] += count
    found = [Changed(*key, count) for key, count in changed.items()]
    found.sort(key=lambda one: (-one.authentications, one.device, str(one.before), str(one.after)))
    state = hashlib.sha256("\n".join(sorted(lines)).encode())
    without = _without_facts(session, since, until)
    return Replay(sum(met.values()), len(met), without, tuple(found), state.hexdigest())


class _Deciders:
    """Both policies and the candidate's personas in native code. Facts that neither policy asks for make no difference,
    so each combination of those that are asked for is decided once.
    """

    def __init__(self, current: Policy, candidate: Policy) -> None:
        self._natives = (_native(current), _native(candidate))
        self._personas = _native(_persona_policy(candidate))
        asked = {
            fact for policy in (current, candidate) for one in conditions(policy) for fact in facts_in(policy, one)
        }
        self._asked = sorted(asked)
        self._answers: dict[bytes, tuple[Answer, Answer, tuple[str, ...]]] = {}

    def decide(self, facts: Mapping[str, Any]) -> tuple[Answer, Answer, tuple[str, ...]]:
        """What is answered now, what the candidate would answer, and the personas that hold if the two differ."""
        asked = {name: facts[name] for name in self._asked if name in facts}
        key = msgspec.json.encode(asked)
        if key not in self._answers:
            decisions = [native.decide(asked) for native in self._natives]
            was, becomes = (Answer(one.segment, tuple(one.grants)) for one in decisions)
            personas = tuple(self._personas.decide(asked).grants) if was != becomes else ()
            self._answers[key] = was, becomes, personas
        return self._answers[key]


def _native(policy: Policy) -> _dataplane.Policy:
    return compile_native(policy, [], "", known_span(datetime.now(UTC)))


def _persona_policy(policy: Policy) -> Policy:
    """A policy that grants each persona's name to those who are it: personas too are decided by native code."""
    span = Span(policy.sources[0] if policy.sources else Source("", ""), 1, 1)
    everyone = Name("everyone", span)
    kind = Name("other", span)
    allows = (Allow((one.name,), PersonaReference(one.name), one.name.text, span) for one in policy.personas)
    return Policy(
        sources=policy.sources,
        resources=tuple(Resource(one.name, kind) for one in policy.personas),
        segments=(Segment(everyone),),
        personas=policy.personas,
        schedules=policy.schedules,
        rules=(Place(everyone, Always(), "", span), *allows),
    )


# --- what was met ---


def _met(session: Session, policies: Sequence[Policy], since: int, until: int) -> Counter[_Met]:
    """How often each fact set was met, told apart as far as the policies do."""
    asked = [leaf for policy in policies for one in conditions(policy) for leaf in leaves(one)]
    days, ages = _numbers(asked, DAYS_LEFT), _numbers(asked, POSTURE_AGE)
    columns = f"fact_set, {_class_of('days_left', days)}, {_class_of('posture_age', ages)}"
    times = _Times(policies, _numbers(asked, TIME), since)
    samples: dict[int, int] = {}
    met: Counter[_Met] = Counter()
    for start, end in times.intervals(since, until):
        rows: Counter[tuple[int, int, int]] = Counter()
        for some in _rows(session, columns, start, end):
            rows.update(some)
        moment = samples.setdefault(times.class_of(start), start) if times.asked else None
        for (fact_set, days_class, age_class), count in rows.items():
            met[fact_set, _sample(days, days_class), _sample(ages, age_class), moment] += count
    return met


def _rows(session: Session, columns: str, since: int, until: int) -> Iterator[Sequence[tuple[int, int, int]]]:
    """Columns of the decided authentications. Bare rows of the driver, for there are millions; `columns` is made of
    names and integers alone.
    """
    query = (
        f"SELECT {columns} FROM authentications "  # noqa: S608
        f"WHERE at_us >= {since * _MICROSECONDS:d} AND at_us < {until * _MICROSECONDS:d} AND fact_set IS NOT NULL"
    )
    cursor = session.connection().exec_driver_sql(query).cursor
    while cursor is not None and (rows := cursor.fetchmany(_ROWS_AT_ONCE)):
        yield rows


def _numbers(asked: Sequence[object], fact: str) -> list[int]:
    """The first number of each class of an integer fact, but the lowest."""
    values = (leaf.value for leaf in asked if isinstance(leaf, Comparison) and leaf.fact.text == fact)
    return sorted({step for value in values if isinstance(value, int) for step in (value, value + 1)})


def _class_of(column: str, numbers: Sequence[int]) -> str:
    """SQL: how many of the numbers the column's value has reached, -1 where it has none."""
    if not numbers:
        return "-1"
    steps = " + ".join(f"(CASE WHEN {column} >= {number:d} THEN 1 ELSE 0 END)" for number in numbers)
    return f"(CASE WHEN {column} IS NULL THEN -1 ELSE {steps} END)"


def _sample(numbers: Sequence[int], reached: int) -> int | None:
    """A value that has reached so many of the numbers."""
    return None if reached < 0 else numbers[reached - 1] if reached else numbers[0] - 1


class _Times:
    """Moments by what the schedules and numbers of the policies say of them."""

    def __init__(self, policies: Sequence[Policy], numbers: Sequence[int], since: int) -> None:
        day = datetime.fromtimestamp(since, UTC).date()
        schedules = dict.fromkeys(
            policy.schedules_by_name()[leaf.schedule.text]
            for policy in policies
            for condition in conditions(policy)
            for leaf in leaves(condition)
            if isinstance(leaf, During)
        )
        self._timetables = [Timetable(schedule, day) for schedule in schedules]
        self._numbers = numbers
        self.asked = bool(schedules or numbers)
        self._changes = sorted({*numbers, *(moment for one in self._timetables for moment in one.moments)})
        self._by_truths: dict[tuple[object, ...], int] = {}

    def intervals(self, since: int, until: int) -> Iterator[tuple[int, int]]:
        """The period in parts within which no condition tells moments apart."""
        changes = [moment for moment in self._changes if since < moment < until]
        return pairwise([since, *changes, until])

    def class_of(self, moment: int) -> int:
        """The same number for moments that no condition tells apart."""
        truths = (*(one.holds(moment) for one in self._timetables), bisect_right(self._numbers, moment))
        return self._by_truths.setdefault(truths, len(self._by_truths))


def _decided(session: Session, met: Counter[_Met]) -> Iterator[tuple[str, dict[str, Any], int]]:
    """Each set that was met: its digest, the facts with what stood beside them, how often."""
    by_set: dict[int, list[tuple[_Met, int]]] = {}
    for one, count in met.items():
        by_set.setdefault(one[0], []).append((one, count))
    ids = sorted(by_set)
    for start in range(0, len(ids), _SETS_AT_ONCE):
        part = ids[start : start + _SETS_AT_ONCE]
        rows = session.execute(select(FactSet.id, FactSet.digest, FactSet.facts).where(FactSet.id.in_(part)))
        for number, digest, stored in rows:
            facts = msgspec.json.decode(stored)
            for (_, days_left, posture_age, time), count in by_set[number]:
                beside = {DAYS_LEFT: days_left, POSTURE_AGE: posture_age, TIME: time}
                yield digest, {**facts, **{name: value for name, value in beside.items() if value is not None}}, count


def _without_facts(session: Session, since: int, until: int) -> int:
    query = text("SELECT count(*) FROM authentications WHERE at_us >= :since AND at_us < :until AND fact_set IS NULL")
    return session.scalar(query, {"since": since * _MICROSECONDS, "until": until * _MICROSECONDS}) or 0
