"""One fact as the policies see it: its values gathered into the classes that their comparisons tell apart.

Each kind of fact becomes literals of `nac.policy.sat`: whether it is known, and what each comparison says when it is.
A solution gives back a value for each fact. Nothing is lost: two values of one class make every comparison the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Protocol

from nac.policy.model import Operator, Schedule, Value
from nac.policy.patterns import Globs, Shape, combinations
from nac.policy.sat import FALSE, TRUE, Sat


@dataclass(frozen=True, slots=True)
class Asked:
    """A comparison of the fact `fact`, apart from where it stands."""

    fact: str
    operator: Operator
    value: Value


Truths = frozenset[Asked | Schedule]
"""The comparisons, and of moments the schedules, that a value makes true: what its class is known by."""


class AbstractFact(Protocol):
    """What every kind of fact can say. Values are read from the last solution of its `Sat`."""

    known: int
    """Holds when the fact is known."""

    def truth(self, asked: Asked) -> int:
        """Holds when the fact is known and the comparison is true."""

    def value(self) -> Value | None:
        """A value of the class in the last solution; None when the fact is not known there."""

    def keeping(self, value: Value | None) -> Mapping[str | None, int]:
        """Literals that hold exactly for the class of `value`: one, or for a set one for each member by its name."""


def known_literal(sat: Sat, *, always: bool) -> int:
    """For a fact that every packet has, or one that may be absent."""
    return TRUE if always else sat.variable()


class BooleanFact:
    def __init__(self, sat: Sat, *, always_known: bool) -> None:
        self._sat = sat
        self.known = known_literal(sat, always=always_known)
        self._true = sat.variable()
        sat.add([self._true ^ 1, self.known])
        self._false = sat.both([self.known, self._true ^ 1])

    def truth(self, asked: Asked) -> int:
        return self._true if asked.value is True else self._false

    def value(self) -> Value | None:
        return self._sat.holds(self._true) if self._sat.holds(self.known) else None

    def keeping(self, value: Value | None) -> Mapping[str | None, int]:
        return {None: self.known ^ 1 if value is None else self._true if value else self._false}


class SetFact:
    """Members are told apart one by one; all that no comparison names are left out of a solution."""

    def __init__(self, sat: Sat, asked: Iterable[Asked], *, always_known: bool) -> None:
        self._sat = sat
        self.known = known_literal(sat, always=always_known)
        self._shown: dict[str, str] = {}
        for one in asked:
            self._shown.setdefault(str(one.value).lower(), str(one.value))
        self._members = {member: sat.variable() for member in self._shown}
        for literal in self._members.values():
            sat.add([literal ^ 1, self.known])

    def truth(self, asked: Asked) -> int:
        return self._members[str(asked.value).lower()]

    def value(self) -> Value | None:
        if not self._sat.holds(self.known):
            return None
        return tuple(self._shown[name] for name, literal in self._members.items() if self._sat.holds(literal))

    def keeping(self, value: Value | None) -> Mapping[str | None, int]:
        if not isinstance(value, tuple):
            return {None: self.known ^ 1}
        present = {one.lower() for one in value}
        members: dict[str | None, int] = {
            self._shown[name]: literal if name in present else literal ^ 1 for name, literal in self._members.items()
        }
        return {None: self.known, **members}


class IntegerFact:
    """Between two neighbouring numbers that comparisons name, all numbers are alike."""

    def __init__(
        self,
        sat: Sat,
        asked: Iterable[Asked],
        *,
        always_known: bool,
        bounds: tuple[int | None, int | None],
        example: int,
    ) -> None:
        self._sat = sat
        self.known = known_literal(sat, always=always_known)
        self._least, self._most = bounds
        self._example = example
        numbers = {one.value for one in asked if isinstance(one.value, int)}
        thresholds = sorted({bound for number in numbers for bound in (number - 1, number)})
        self._at_most = {bound: self._bound(bound) for bound in thresholds}
        inner = [literal for literal in self._at_most.values() if literal not in (TRUE, FALSE)]
        for lower, upper in pairwise(inner):
            sat.add([lower ^ 1, upper])

    def _bound(self, bound: int) -> int:
        if self._least is not None and bound < self._least:
            return FALSE
        if self._most is not None and bound >= self._most:
            return TRUE
        return self._sat.variable()

    def truth(self, asked: Asked) -> int:
        number = int(str(asked.value))
        at_most, below = self._at_most[number], self._at_most[number - 1]
        literal = {
            "<": below,
            "<=": at_most,
            ">": at_most ^ 1,
            ">=": below ^ 1,
            "=": self._sat.both([at_most, below ^ 1]),
        }[asked.operator]
        return self._sat.both([self.known, literal])

    def value(self) -> Value | None:
        if not self._sat.holds(self.known):
            return None
        above = [bound for bound, literal in self._at_most.items() if not self._sat.holds(literal)]
        below = [bound for bound, literal in self._at_most.items() if self._sat.holds(literal)]
        least = max([bound + 1 for bound in above] + ([] if self._least is None else [self._least]), default=None)
        most = min(below + ([] if self._most is None else [self._most]), default=None)
        if (least is None or least <= self._example) and (most is None or self._example <= most):
            return self._example
        return least if least is not None else most

    def keeping(self, value: Value | None) -> Mapping[str | None, int]:
        if not isinstance(value, int):
            return {None: self.known ^ 1}
        sides = [literal if value <= bound else literal ^ 1 for bound, literal in self._at_most.items()]
        return {None: self._sat.both([self.known, *sides])}


class ClassedFact:
    """Exactly one class of values, or absent. `classes`: for each the comparisons it makes true, and a value of it."""

    def __init__(self, sat: Sat, classes: Mapping[Truths, Value], *, always_known: bool) -> None:
        self._sat = sat
        self._values = dict(classes)
        self._classes = {truths: sat.variable(prefer=not truths) for truths in classes}
        absent = FALSE if always_known else sat.variable(prefer=True)
        self.known = absent ^ 1
        _exactly_one(sat, [absent, *self._classes.values()])
        by_asked: dict[Asked | Schedule, list[int]] = {}
        for truths, literal in self._classes.items():
            for one in truths:
                by_asked.setdefault(one, []).append(literal)
        self._truths = {one: sat.either(literals) for one, literals in by_asked.items()}

    def truth(self, asked: Asked | Schedule) -> int:
        return self._truths.get(asked, FALSE)

    def value(self) -> Value | None:
        return next((self._values[one] for one, literal in self._classes.items() if self._sat.holds(literal)), None)

    def class_of(self, truths: Truths | None) -> int:
        """The literal of a class, of absence for None; `FALSE` for a class that no value has."""
        return self.known ^ 1 if truths is None else self._classes.get(truths, FALSE)


def _exactly_one(sat: Sat, literals: Sequence[int]) -> None:
    """By a chain, "one of those up to here": as many short clauses as there are literals, not their square."""
    so_far = FALSE
    for literal in literals:
        sat.add([so_far ^ 1, literal ^ 1])
        here = sat.variable() if so_far != FALSE else literal
        if so_far != FALSE:
            sat.add([here ^ 1, so_far, literal])
            sat.add([here, so_far ^ 1])
            sat.add([here, literal ^ 1])
        so_far = here
    sat.add([so_far])


class TextFact:
    """Texts by which comparisons they make true: those that are named, and one for each combination of patterns.

    With `head`, comparisons of the fact of that name are about the first `HEAD` characters of this fact's texts
    (`mac.oui` of `mac`). `values`: all that the fact can be, where that is a closed list. Raises
    `nac.policy.patterns.TooManyCombinationsError`.
    """

    HEAD: Final = 8

    def __init__(
        self,
        sat: Sat,
        asked: Sequence[Asked],
        *,
        always_known: bool,
        values: Sequence[str] = (),
        examples: Sequence[str] = (),
        shape: Shape | None = None,
        head: str | None = None,
    ) -> None:
        self._head = head
        self._asked_of: dict[str, list[Asked]] = {}
        self._patterns: list[Asked] = []
        self._head_patterns: list[tuple[Asked, str]] = []
        shown: dict[str, str] = {}
        for one in asked:
            self._sort_in(one, shown)
        self._globs = Globs([str(one.value) for one in self._patterns])
        self._head_globs = Globs([pattern for _, pattern in self._head_patterns], head=self.HEAD)
        candidates = values or [*shown.values(), *self._samples(shown, examples, shape)]
        classes: dict[Truths, Value] = {}
        for text in candidates:
            classes.setdefault(self._truths_of(text), text)
        self._fact = ClassedFact(sat, classes, always_known=always_known)
        self.known = self._fact.known

    def _sort_in(self, asked: Asked, shown: dict[str, str]) -> None:
        texts = asked.value if isinstance(asked.value, tuple) else (str(asked.value),)
        if asked.fact == self._head:
            self._head_patterns += [(asked, text) for text in texts]
        elif asked.operator == "matches" and "*" in str(asked.value):
            self._patterns.append(asked)
        else:
            for text in texts:
                shown.setdefault(text.lower(), text)
                self._asked_of.setdefault(text.lower(), []).append(asked)

    def _samples(self, shown: Mapping[str, str], examples: Sequence[str], shape: Shape | None) -> list[str]:
        """Texts beside those that are named; readable ones first, the empty one last."""
        patterns = [str(one.value) for one in self._patterns]
        found = combinations(
            patterns, [text for _, text in self._head_patterns], head_length=self.HEAD, shape=shape, apart_from=shown
        )
        readable = [] if shape else [pattern.replace("*", "x") for pattern in patterns]
        searched = [text.upper() if shape else text for text in found.values()]
        listed = [*(one for one in (*examples, *readable) if one.lower() not in shown), *searched]
        return sorted(listed, key=lambda text: not text)

    def _truths_of(self, text: str) -> Truths:
        folded = text.lower()
        fits = [self._patterns[index] for index in self._globs.of(folded)]
        fits_head = [self._head_patterns[index][0] for index in self._head_globs.of(folded)]
        return frozenset([*self._asked_of.get(folded, ()), *fits, *fits_head])

    def truth(self, asked: Asked) -> int:
        return self._fact.truth(asked)

    def value(self) -> Value | None:
        return self._fact.value()

    def keeping(self, value: Value | None) -> Mapping[str | None, int]:
        return {None: self._fact.class_of(None if value is None else self._truths_of(str(value)))}
