"""The facts of decisions, kept compactly: each distinct set once, what changes all the time beside it.

Ten million authentications of a hundred thousand devices are some hundred thousand sets. What changes by itself (the
time, the days until a certificate ends, the age of a posture report) is left out of a set and stands with each
authentication, or a set would never be met twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import msgspec
from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from nac.db.schema import Authentication, FactSet

DAYS_LEFT: Final = "certificate.days_left"
POSTURE_AGE: Final = "posture.age"
_BESIDE: Final = frozenset({"time", DAYS_LEFT, POSTURE_AGE})

_AT_ONCE: Final = 500
"""Digests in one query."""

EventFacts = Mapping[str, str | bool | int | list[str]]


@dataclass(frozen=True, slots=True)
class RecordedFacts:
    """The facts of one decision: a set as JSON with its SHA-256, and what stands beside it."""

    digest: str
    facts: str
    days_left: int | None
    posture_age: int | None

    @classmethod
    def of(cls, facts: EventFacts) -> RecordedFacts:
        """The facts of an event."""
        kept = {name: value for name, value in facts.items() if name not in _BESIDE}
        encoded = msgspec.json.encode(kept, order="sorted")
        text = encoded.decode().replace("\\u0000", "")  # PostgreSQL keeps no NUL
        return cls(
            hashlib.sha256(encoded).hexdigest(), text, _integer(facts.get(DAYS_LEFT)), _integer(facts.get(POSTURE_AGE))
        )


def _integer(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def fact_set_ids(session: Session, decided: Iterable[RecordedFacts]) -> dict[str, int]:
    """The row of each set by its digest; sets that are new are stored."""
    wanted = {one.digest: one.facts for one in decided}
    known = _ids(session, list(wanted))
    new = [{"digest": digest, "facts": facts} for digest, facts in wanted.items() if digest not in known]
    if new:
        insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
        session.execute(insert(FactSet).on_conflict_do_nothing(), new)
        known |= _ids(session, [one["digest"] for one in new])
    return known


def _ids(session: Session, digests: list[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for start in range(0, len(digests), _AT_ONCE):
        part = digests[start : start + _AT_ONCE]
        rows = session.execute(select(FactSet.digest, FactSet.id).where(FactSet.digest.in_(part)))
        found.update({row.digest: row.id for row in rows})
    return found


def delete_unused(session: Session) -> int:
    """Forget the sets that no authentication has any more; how many."""
    used = select(Authentication.fact_set).where(Authentication.fact_set.is_not(None))
    unused = delete(FactSet).where(FactSet.id.not_in(used)).returning(FactSet.id)
    return len(session.scalars(unused, execution_options={"synchronize_session": False}).all())
