"""Is there anyone for whom this holds? Satisfiability over all facts, in Kleene's logic, with a witness.

A `Space` holds every fact that packets can bring, each abstracted to what the comparisons of the given policies tell
apart (`nac.policy.abstract_fact`), tied together by what always holds (`nac.policy.relations`). A condition becomes
two literals of `nac.policy.sat`: that it is true, and that it is false; unknown is neither. Goals are made of these.

The answers are complete: None means that no facts whatever lead there, and a witness is checked by nothing less than
`nac.policy.reference` (`tests/understand/test_solve.py`). Where the bound on the search is reached, `UndecidedError` is
raised: that is no answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import count
from typing import Final, assert_never

from nac.policy.abstract_fact import AbstractFact, Asked, BooleanFact, IntegerFact, SetFact, TextFact
from nac.policy.abstract_time import TimeFact
from nac.policy.facts import TIME, Fact, catalogue
from nac.policy.model import (
    All,
    Always,
    Any,
    Comparison,
    Condition,
    During,
    Not,
    PersonaReference,
    Policy,
    Schedule,
    Value,
)
from nac.policy.patterns import TooManyCombinationsError
from nac.policy.relations import (
    ALWAYS_KNOWN,
    BOUNDS,
    DISJOINT,
    MAC_SHAPE,
    RELATIONS,
    VALUES,
    Presence,
    Relation,
    Said,
    of_sites,
)
from nac.policy.sat import FALSE, TRUE, OutOfStepsError, Sat
from nac.policy.walk import conditions, leaves

STEPS: Final = 3_000_000
"""Literals set in one search: some seconds. A policy of a thousand rules needs ten thousand."""

_SHRUNK: Final = 24
"""Cores up to that size are made smaller."""

_LOOKS: Final = 20_000
"""Choices of what to change that are looked at in one round."""

Facts = dict[str, Value]
Goal = int
"""A literal of a space."""


class UndecidedError(Exception):
    """The search reached its bound: neither a witness nor a proof."""


@dataclass(frozen=True, slots=True)
class Change:
    """One fact, or one member of a set, that would have to be different. `before`, `after`: None when not known.

    With `member`: `after` says whether it is in the set.
    """

    fact: str
    member: str | None
    before: Value | None
    after: Value | None


Cost = Callable[[str, str | None], int | None]
"""What it costs to change a fact (a member of a set); None when it cannot be changed."""


class Space:
    """All facts as `policies` see them. `today`: the day from which schedules are looked at."""

    def __init__(self, policies: Sequence[Policy], *, today: date | None = None) -> None:
        """Raises `UndecidedError` where the patterns of a fact combine in too many ways."""
        self._sat = Sat()
        self._policies = policies
        relations = [*RELATIONS, *(one for policy in policies for one in of_sites(policy))]
        asked, schedules = _asked(policies)
        self.asked = frozenset([*asked, *([TIME] if schedules else [])])
        """The facts that the policies ask for."""

        _add_said(asked, relations)
        day = today or datetime.now(UTC).date()
        try:
            self._facts: dict[str, AbstractFact] = {
                fact.name: self._abstract(fact, asked) for fact in catalogue().values() if fact.name != TIME
            }
        except TooManyCombinationsError as error:
            raise UndecidedError("the patterns of a fact combine in too many ways") from error
        self._time = TimeFact(self._sat, asked.get(TIME, []), schedules, day)
        self._facts[TIME] = self._time
        for relation in relations:
            self._relate(relation)
        for one, other in DISJOINT:
            self._part(one, other, asked)
        self._truths = {id(policy): _Truths(self, policy) for policy in policies}

    # --- goals ---

    def true(self, policy: Policy, condition: Condition) -> Goal:
        """The condition is true."""
        return self._truths[id(policy)].true(condition)

    def false(self, policy: Policy, condition: Condition) -> Goal:
        """The condition is false. Neither true nor false is unknown."""
        return self._truths[id(policy)].false(condition)

    def both(self, goals: Iterable[Goal]) -> Goal:
        """All of them."""
        return self._sat.both(goals)

    def either(self, goals: Iterable[Goal]) -> Goal:
        """At least one of them."""
        return self._sat.either(goals)

    def no(self, goal: Goal) -> Goal:
        """Not this one."""
        return goal ^ 1

    def given(self, facts: Mapping[str, Value], absent: Iterable[str] = ()) -> list[Goal]:
        """These facts are as given, and those are not known; everything else is open."""
        goals = [literal for name, value in facts.items() for literal in self._facts[name].keeping(value).values()]
        return goals + [self._facts[name].known ^ 1 for name in absent]

    # --- answers ---

    def satisfy(self, *goals: Goal, steps: int = STEPS) -> Facts | None:
        """Facts for which all goals hold, as few as it takes; None when there are none. Raises `UndecidedError`."""
        if not self._solve(goals, steps):
            return None
        return self._as_few(goals, steps)

    def possible(self, *goals: Goal, steps: int = STEPS) -> bool:
        """Whether all goals can hold together. Raises `UndecidedError`."""
        return self._solve(goals, steps)

    def holds(self, goal: Goal) -> bool:
        """Whether a goal that stood when the last question was asked held in the answer to it."""
        return self._sat.holds(goal)

    def cheapest(
        self, goal: Goal, start: Mapping[str, Value], cost: Cost, *, steps: int = STEPS
    ) -> list[Change] | None:
        """The changes of `start` that make the goal hold and cost the least in sum; None when nothing does.

        Only facts that the policies ask for are told of; the others follow. Each round learns a set of facts that
        cannot all stay, and lets the cheapest choice from all such sets change, until the rest can stay. Raises
        `UndecidedError`.
        """
        keep = {
            literal: (name, member)
            for name in sorted(self.asked)
            for member, literal in self._facts[name].keeping(start.get(name)).items()
            if literal != TRUE
        }
        costs = {literal: cost(*what) for literal, what in keep.items()}
        fixed = [goal, *(literal for literal in keep if costs[literal] is None)]
        conflicts: list[frozenset[int]] = []
        changed: frozenset[int] = frozenset()
        while not self._solve([*fixed, *(one for one in keep if one not in changed and costs[one] is not None)], steps):
            conflict = self._shrunk(self._sat.core.difference(fixed), fixed, steps)
            if not conflict:
                return None
            conflicts.append(conflict)
            changed = _cheapest_hit(conflicts, {one: price for one, price in costs.items() if price is not None})
        differ = [keep[literal] for literal in keep if literal in changed and not self._sat.holds(literal)]
        return [self._change(name, member, start.get(name)) for name, member in differ]

    def _shrunk(self, core: frozenset[int], fixed: Sequence[Goal], steps: int) -> frozenset[int]:
        """A smaller part of a small core that is in conflict too: the fewer, the fewer rounds."""
        left = sorted(core)
        for one in left if len(left) <= _SHRUNK else []:
            without = [other for other in left if other != one]
            if not self._solve([*fixed, *without], steps):
                left = sorted(self._sat.core.difference(fixed))
        return frozenset(left)

    def _change(self, name: str, member: str | None, before: Value | None) -> Change:
        after = self._facts[name].value()
        if member is None:
            return Change(name, None, before, after)
        had = isinstance(before, tuple) and member.lower() in {one.lower() for one in before}
        has = isinstance(after, tuple) and member.lower() in {one.lower() for one in after}
        return Change(name, member, had, has)

    def _solve(self, goals: Sequence[Goal], steps: int) -> bool:
        try:
            return self._sat.solve(goals, steps=steps)
        except OutOfStepsError as error:
            raise UndecidedError(f"not decided after {steps:,} steps") from error

    def _as_few(self, goals: Sequence[Goal], steps: int) -> Facts:
        """Leave out of the last solution what can be left out of what is asked for: whole facts, members of sets."""
        facts = self._values()
        wanted = list(goals)
        for name in [name for name in facts if name in self.asked]:
            fact = self._facts[name]
            if fact.known != TRUE and self._holds_too(wanted, [fact.known ^ 1], steps):
                facts = self._values()
            elif isinstance(members := facts.get(name), tuple) and members:
                facts = self._with_fewer(facts, name, members, wanted, steps)
        return facts

    def _with_fewer(self, facts: Facts, name: str, members: tuple[str, ...], wanted: list[Goal], steps: int) -> Facts:
        """Members that are not in the set stay out; of the others one after the other is left out if it can be."""
        without = self._facts[name].keeping(())
        wanted += [literal for member, literal in without.items() if member is not None and member not in members]
        for member in members:
            if self._holds_too(wanted, [without[member]], steps):
                facts = self._values()
            else:
                wanted.append(without[member] ^ 1)
        return facts

    def _holds_too(self, wanted: list[Goal], more: Sequence[Goal], steps: int) -> bool:
        """Whether these goals can hold beside those that are wanted; if so they are wanted from now on."""
        if not self._solve([*wanted, *more], steps):
            return False
        wanted += more
        return True

    def _values(self) -> Facts:
        values = {name: fact.value() for name, fact in self._facts.items()}
        return {name: value for name, value in values.items() if value is not None}

    # --- facts and what ties them together ---

    def _abstract(self, fact: Fact, asked: Mapping[str, list[Asked]]) -> AbstractFact:
        always, own = fact.name in ALWAYS_KNOWN, asked.get(fact.name, [])
        match fact.kind:
            case "boolean":
                return BooleanFact(self._sat, always_known=always)
            case "integer":
                bounds = BOUNDS.get(fact.name, (None, None))
                return IntegerFact(self._sat, own, always_known=always, bounds=bounds, example=int(fact.example))
            case "set":
                return SetFact(self._sat, own, always_known=always)
            case "text":
                values, examples = VALUES.get(fact.name, ()), (fact.example, "another")
                if fact.name == "mac":
                    both = [*own, *asked.get("mac.oui", [])]
                    self._mac = TextFact(
                        self._sat, both, always_known=always, examples=(fact.example,), shape=MAC_SHAPE, head="mac.oui"
                    )
                    return self._mac
                if fact.name == "mac.oui":
                    return _Head(self._mac)
                return TextFact(self._sat, own, always_known=always, values=values, examples=examples)
            case _:
                assert_never(fact.kind)

    def _relate(self, relation: Relation) -> None:
        if any(name not in self._facts for name, _ in relation.when):
            return
        unless = [self._said(said) ^ 1 for said in relation.when]
        for said in relation.then:
            if said[0] in self._facts:
                self._sat.add([*unless, self._said(said)])

    def _said(self, said: Said) -> int:
        name, what = said
        fact = self._facts[name]
        if isinstance(what, Presence):
            return fact.known if what is Presence.KNOWN else fact.known ^ 1
        return fact.truth(Asked(name, "=", what))

    def _part(self, one: str, other: str, asked: Mapping[str, list[Asked]]) -> None:
        """No member of the one set is in the other."""
        members = {str(member.value) for member in asked.get(one, [])}
        for member in members & {str(member.value) for member in asked.get(other, [])}:
            literals = [self._facts[name].truth(Asked(name, "has", member)) for name in (one, other)]
            self._sat.add([literal ^ 1 for literal in literals])

    def compared(self, comparison: Comparison) -> tuple[int, int]:
        """That a comparison is true, and that it is false."""
        fact = self._facts[comparison.fact.text]
        true = fact.truth(Asked(comparison.fact.text, comparison.operator, comparison.value))
        return true, self._sat.both([fact.known, true ^ 1])

    def during(self, schedule: Schedule) -> tuple[int, int]:
        """That a schedule holds, and that it does not."""
        true = self._time.during(schedule)
        return true, true ^ 1


class _Head:
    """`mac.oui`: the first characters of `mac`."""

    def __init__(self, whole: TextFact) -> None:
        self._whole = whole
        self.known = whole.known

    def truth(self, asked: Asked) -> int:
        return self._whole.truth(asked)

    def value(self) -> Value | None:
        value = self._whole.value()
        return None if value is None else str(value)[: TextFact.HEAD]

    def keeping(self, value: Value | None) -> Mapping[str | None, int]:
        """Said by `mac` already."""
        return {None: TRUE}


class _Truths:
    """The conditions of one policy as literals, each once."""

    def __init__(self, space: Space, policy: Policy) -> None:
        self._space = space
        self._personas = policy.persona_conditions()
        self._schedules = policy.schedules_by_name()
        self._known: dict[int, tuple[Condition, int, int]] = {}

    def true(self, condition: Condition) -> int:
        return self._pair(condition)[1]

    def false(self, condition: Condition) -> int:
        return self._pair(condition)[2]

    def _pair(self, condition: Condition) -> tuple[Condition, int, int]:
        if id(condition) not in self._known:
            self._known[id(condition)] = (condition, *self._literals(condition))
        return self._known[id(condition)]

    def _literals(self, condition: Condition) -> tuple[int, int]:
        match condition:
            case Always():
                return TRUE, FALSE
            case Comparison():
                return self._space.compared(condition)
            case During(schedule):
                return self._space.during(self._schedules[schedule.text])
            case PersonaReference(persona):
                _, true, false = self._pair(self._personas[persona.text])
                return true, false
            case Not(part):
                _, true, false = self._pair(part)
                return false, true
            case All(parts):
                pairs = [self._pair(part) for part in parts]
                return self._space.both(p[1] for p in pairs), self._space.either(p[2] for p in pairs)
            case Any(parts):
                pairs = [self._pair(part) for part in parts]
                return self._space.either(p[1] for p in pairs), self._space.both(p[2] for p in pairs)
            case _:
                assert_never(condition)


def _asked(policies: Sequence[Policy]) -> tuple[dict[str, list[Asked]], list[Schedule]]:
    """Every comparison by its fact, each once, and every schedule that is asked for."""
    found: dict[str, dict[Asked, None]] = {}
    schedules: dict[Schedule, None] = {}
    for policy in policies:
        by_name = policy.schedules_by_name()
        for condition in conditions(policy):
            for leaf in leaves(condition):
                if isinstance(leaf, Comparison):
                    asked = Asked(leaf.fact.text, leaf.operator, leaf.value)
                    found.setdefault(asked.fact, {})[asked] = None
                elif isinstance(leaf, During):
                    schedules[by_name[leaf.schedule.text]] = None
    return {fact: list(one) for fact, one in found.items()}, list(schedules)


def _add_said(asked: dict[str, list[Asked]], relations: Sequence[Relation]) -> None:
    """The texts that relations speak of have to be told apart too."""
    for relation in relations:
        for name, what in (*relation.when, *relation.then):
            one = Asked(name, "=", what) if isinstance(what, str) else None
            if one is not None and one not in asked.setdefault(name, []):
                asked[name].append(one)


def _cheapest_hit(conflicts: Sequence[frozenset[int]], costs: Mapping[int, int]) -> frozenset[int]:
    """The cheapest set with a member in every conflict; of several the first in the order of the literals."""
    best: list[tuple[int, frozenset[int]]] = []
    looks = count()

    def search(chosen: frozenset[int], spent: int) -> None:
        missed: list[frozenset[int]] = [one for one in conflicts if chosen.isdisjoint(one)]
        if best and spent + _at_least(missed, costs) >= best[0][0]:
            return
        if next(looks) > _LOOKS:
            raise UndecidedError(f"not decided after {_LOOKS:,} choices of what to change")
        if not missed:
            best[:] = [(spent, chosen)]
            return
        smallest = min(missed, key=len)
        for literal in sorted(smallest, key=lambda one: (costs[one], one)):
            search(chosen | {literal}, spent + costs[literal])

    search(frozenset(), 0)
    return best[0][1]


def _at_least(missed: Sequence[frozenset[int]], costs: Mapping[int, int]) -> int:
    """What it costs at least to hit these: the cheapest member of each of some that share none."""
    met: set[int] = set()
    least = 0
    for conflict in missed:
        if met.isdisjoint(conflict):
            met |= conflict
            least += min(costs[one] for one in conflict)
    return least
