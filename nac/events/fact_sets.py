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
from sqlalchemy import Table, delete, select
from sqlalchemy.orm import Session

from nac.db import bulk
from nac.db.schema import Authentication, FactSet

DAYS_LEFT: Final = "certificate.days_left"
POSTURE_AGE: Final = "posture.age"
_BESIDE: Final = frozenset({"time", DAYS_LEFT, POSTURE_AGE})

_TABLE: Final[Table] = FactSet.metadata.tables["fact_sets"]

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
    known = _ids(session, wanted)
    new = [(digest, facts) for digest, facts in sorted(wanted.items()) if digest not in known]
    if new:
        bulk.insert_missing(session, _TABLE, ("digest", "facts"), new)
        known |= _ids(session, [digest for digest, _ in new])
    return known


def _ids(session: Session, digests: Iterable[str]) -> dict[str, int]:
    return dict(bulk.fetch(session, _TABLE, ("digest", "id"), [(digest,) for digest in digests], by=("digest",)))


def delete_unused(session: Session) -> int:
    """Forget the sets that no authentication has any more; how many."""
    used = select(Authentication.fact_set).where(Authentication.fact_set.is_not(None))
    unused = delete(FactSet).where(FactSet.id.not_in(used)).returning(FactSet.id)
    return len(session.scalars(unused, execution_options={"synchronize_session": False}).all())
