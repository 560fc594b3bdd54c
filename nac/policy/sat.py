"""Can these clauses all hold? Conflict-driven search with learned clauses, incremental, under assumptions.

A literal is an even number (a variable) or the odd one after it (its negation): `literal ^ 1` negates. Nothing is
random, so the same clauses in the same order give the same answer. The method is that of J. Marques-Silva and
K. Sakallah, "GRASP" (1996), with two watched literals for each clause (Moskewicz and others, "Chaff", 2001).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from heapq import heapify, heappop, heappush
from typing import Final

TRUE: Final = 2
FALSE: Final = 3
"""The literals that always and never hold."""

_DECAY: Final = 1.05
_RESCALE_AT: Final = 1e100
_FIRST_RESTART: Final = 100

_Clause = list[int]


class OutOfStepsError(Exception):
    """The bound on the search was reached: nothing is known."""


class Sat:
    """A growing set of clauses. After `solve` gave True ask `holds`; after False `core` says why."""

    def __init__(self) -> None:
        self._watches: list[list[_Clause]] = [[], [], [], []]
        self._value = [0, 0, 0, 0]  # by literal: 1 holds, -1 does not, 0 open
        self._level = [0, 0]  # the rest by variable
        self._reason: list[_Clause | None] = [None, None]
        self._activity = [0.0, 0.0]
        self._phase = [0, 0]
        self._trail: list[int] = []
        self._limits: list[int] = []
        self._head = 0
        self._bump = 1.0
        self._open: list[tuple[float, int]] = []
        self._sound = True
        self._steps = 0
        self._model: list[int] = []
        self._named: dict[frozenset[int], int] = {}
        self.core: frozenset[int] = frozenset()
        self.add([TRUE])

    def variable(self, *, prefer: bool = False) -> int:
        """A new literal. `prefer`: the value to try first."""
        number = len(self._level)
        self._watches += [[], []]
        self._value += [0, 0]
        self._level.append(0)
        self._reason.append(None)
        self._activity.append(0.0)
        self._phase.append(0 if prefer else 1)
        heappush(self._open, (0.0, number))
        return 2 * number

    def add(self, clause: Iterable[int]) -> None:
        """One of these literals must hold."""
        self._back_to(0)
        literals = [one for one in dict.fromkeys(clause) if self._value[one] != -1]
        if any(self._value[one] == 1 for one in literals):
            return
        if not literals:
            self._sound = False
        elif len(literals) == 1:
            self._set(literals[0], None)
            self._sound = self._sound and self._propagate() is None
        else:
            self._watch(literals)

    def both(self, literals: Iterable[int]) -> int:
        """A literal that holds exactly when all of these do."""
        return self.either([one ^ 1 for one in literals]) ^ 1

    def either(self, literals: Iterable[int]) -> int:
        """A literal that holds exactly when one of these does."""
        parts = dict.fromkeys(one for one in literals if one != FALSE)
        if any(one == TRUE or one ^ 1 in parts for one in parts):
            return TRUE
        if len(parts) < 2:
            return next(iter(parts), FALSE)
        key = frozenset(parts)
        if key not in self._named:
            result = self._named[key] = self.variable()
            self.add([*parts, result ^ 1])
            for part in parts:
                self.add([part ^ 1, result])
        return self._named[key]

    def holds(self, literal: int) -> bool:
        """Whether the literal holds in the last solution. False for variables that are newer than it."""
        return literal < len(self._model) and self._model[literal] == 1

    def solve(self, assumptions: Sequence[int], *, steps: int) -> bool:
        """Whether the clauses and the assumptions can hold together.

        False leaves in `core` a part of the assumptions that cannot. Raises `OutOfStepsError` after so many steps (one
        step is one literal set).
        """
        self._back_to(0)
        self.core = frozenset()
        if not self._sound:
            return False
        self._steps = steps
        restart, conflicts = _FIRST_RESTART, 0
        while self._steps > 0:
            conflict = self._propagate()
            if conflict is not None and not self._limits:
                self._sound = False
                return False
            if conflict is not None:
                conflicts += 1
                self._learn(conflict)
                continue
            if conflicts >= restart:
                restart, conflicts = restart * 2, 0
                self._back_to(0)
                continue
            decision = self._next(assumptions)
            if decision is None:
                self._model = [] if self.core else list(self._value)
                return not self.core
            self._limits.append(len(self._trail))
            if decision:
                self._set(decision, None)
        raise OutOfStepsError

    def _next(self, assumptions: Sequence[int]) -> int | None:
        """What to try next: 0 for an assumption that holds already, None when there is nothing left, or when an
        assumption fails (then `core` is set).
        """
        depth = len(self._limits)
        if depth < len(assumptions):
            wanted = assumptions[depth]
            if self._value[wanted] == -1:
                self.core = self._why_not(wanted)
                return None
            return 0 if self._value[wanted] == 1 else wanted
        while self._open:
            _, number = heappop(self._open)
            if self._value[2 * number] == 0:
                return 2 * number + self._phase[number]
        return None

    def _watch(self, clause: _Clause) -> None:
        self._watches[clause[0]].append(clause)
        self._watches[clause[1]].append(clause)

    def _set(self, literal: int, reason: _Clause | None) -> None:
        self._value[literal] = 1
        self._value[literal ^ 1] = -1
        number = literal >> 1
        self._level[number] = len(self._limits)
        self._reason[number] = reason
        self._trail.append(literal)

    def _propagate(self) -> _Clause | None:
        """Set what follows; the clause that cannot hold any more, if there is one."""
        value, watches, trail = self._value, self._watches, self._trail
        while self._head < len(trail):
            false = trail[self._head] ^ 1
            self._head += 1
            self._steps -= 1
            watching = watches[false]
            kept: list[_Clause] = []
            for at, clause in enumerate(watching):
                if clause[0] == false:
                    clause[0], clause[1] = clause[1], false
                first = clause[0]
                if value[first] == 1:
                    kept.append(clause)
                    continue
                for other in range(2, len(clause)):
                    if value[clause[other]] != -1:
                        clause[1], clause[other] = clause[other], false
                        watches[clause[1]].append(clause)
                        break
                else:
                    kept.append(clause)
                    if value[first] == -1:
                        kept += watching[at + 1 :]
                        watches[false] = kept
                        return clause
                    self._set(first, clause)
            watches[false] = kept
        return None

    def _learn(self, conflict: _Clause) -> None:
        """Add the clause of the first unique implication point and go back to where it sets a literal."""
        level = len(self._limits)
        seen: set[int] = set()
        learned: list[int] = []
        open_here, at, clause, asserting = 0, len(self._trail), conflict, 0
        while True:
            for literal in clause:
                number = literal >> 1
                if literal == asserting or number in seen or self._level[number] == 0:
                    continue
                seen.add(number)
                self._raise_activity(number)
                if self._level[number] == level:
                    open_here += 1
                else:
                    learned.append(literal)
            at -= 1
            while self._trail[at] >> 1 not in seen:
                at -= 1
            asserting = self._trail[at]
            open_here -= 1
            if open_here == 0:
                break
            clause = self._reason[asserting >> 1] or []
        self._bump *= _DECAY
        learned.sort(key=lambda one: -self._level[one >> 1])
        self._back_to(self._level[learned[0] >> 1] if learned else 0)
        clause = [asserting ^ 1, *learned]
        if learned:
            self._watch(clause)
        self._set(clause[0], clause if learned else None)

    def _why_not(self, assumption: int) -> frozenset[int]:
        """The assumptions that together make this one fail, itself included."""
        found, seen, stack = {assumption}, set(), [assumption >> 1]
        while stack:
            number = stack.pop()
            if number in seen or self._level[number] == 0:
                continue
            seen.add(number)
            reason = self._reason[number]
            if reason is None:
                found.add(2 * number if self._value[2 * number] == 1 else 2 * number + 1)
            else:
                stack += [literal >> 1 for literal in reason]
        return frozenset(found)

    def _raise_activity(self, number: int) -> None:
        self._activity[number] += self._bump
        if self._activity[number] > _RESCALE_AT:
            self._activity = [one / _RESCALE_AT for one in self._activity]
            self._bump /= _RESCALE_AT
            self._open = [(-self._activity[one], one) for one in {number for _, number in self._open}]
            heapify(self._open)

    def _back_to(self, level: int) -> None:
        if len(self._limits) <= level:
            return
        limit = self._limits[level]
        for literal in reversed(self._trail[limit:]):
            number = literal >> 1
            self._value[literal] = self._value[literal ^ 1] = 0
            self._reason[number] = None
            heappush(self._open, (-self._activity[number], number))
        del self._trail[limit:]
        del self._limits[level:]
        self._head = min(self._head, limit)
