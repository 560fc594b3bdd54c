"""What each client took and what it refused for good, verb by verb."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from nac.coa.error_cause import error_cause
from nac.coa.recipe import Verb
from nac.db.schema import CoaLearnt
from nac.identity.name import fold

FORGOTTEN_AFTER_US: Final = 86_400_000_000
"""A refusal is tried again after a day: software and settings of switches change."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """The last that came of a verb. `at`: Unix microseconds; `error_cause`: of a NAK."""

    answer: str
    error_cause: int | None
    at: int


class Learnt:
    """The last lesson for each client (by its folded name) and verb."""

    def __init__(self, known: Mapping[tuple[str, Verb], Lesson] | None = None) -> None:
        self._known = dict(known or {})

    def note(self, client: str, verb: Verb, lesson: Lesson) -> None:
        """What came of a verb just now."""
        self._known[fold(client), verb] = lesson

    def useless(self, client: str, *, now: int) -> frozenset[Verb]:
        """The verbs that this client refused for good less than a day ago. `now`: Unix microseconds."""
        key = fold(client)
        return frozenset(verb for (one, verb), lesson in self._known.items() if one == key and _refused(lesson, now))


def load_learnt(session: Session) -> Learnt:
    """What is on record."""
    return Learnt({(row.client, Verb(row.verb)): _lesson(row) for row in session.scalars(select(CoaLearnt))})


def lessons_of(session: Session, client: str) -> Iterable[tuple[Verb, Lesson]]:
    """What is on record of one client."""
    rows = session.scalars(select(CoaLearnt).where(CoaLearnt.client == fold(client)).order_by(CoaLearnt.verb))
    return [(Verb(row.verb), _lesson(row)) for row in rows]


def _lesson(row: CoaLearnt) -> Lesson:
    return Lesson(row.answer, row.error_cause, row.at_us)


def _refused(lesson: Lesson, now: int) -> bool:
    unsupported = lesson.answer == "nak" and error_cause(lesson.error_cause).effect == "unsupported"
    return unsupported and now - lesson.at < FORGOTTEN_AFTER_US
