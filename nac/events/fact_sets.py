"""The facts of decisions, kept compactly: each distinct set once, what changes all the time beside it.

Ten million authentications of a hundred thousand devices are some hundred thousand sets. What changes by itself (the
time, the days until a certificate ends, the age of a posture report) is left out of a set and stands with each
authentication, or a set would never be met twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from sqlalchemy import Table, delete, select
from sqlalchemy.orm import Session

from nac.db import bulk
from nac.db.schema import Authentication, FactSet

DAYS_LEFT: Final = "certificate.days_left"
POSTURE_AGE: Final = "posture.age"

_TABLE: Final[Table] = FactSet.metadata.tables["fact_sets"]


def fact_set_ids(session: Session, sets: Mapping[str, str]) -> dict[str, int]:
    """The row of each set, given as JSON, by its digest; sets that are new are stored."""
    known = _ids(session, sets)
    new = [(digest, facts) for digest, facts in sorted(sets.items()) if digest not in known]
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
