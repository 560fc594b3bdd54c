"""The revision counter: how the server notices, by reading one row, that clients, devices or users were changed."""

from __future__ import annotations

from typing import NamedTuple, NewType

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from nac.db.schema import Revision

RevisionNumber = NewType("RevisionNumber", int)


class Revisions(NamedTuple):
    """`latest`: of any write; `clients`: of the last write to clients."""

    latest: RevisionNumber
    clients: RevisionNumber


def current(session: Session) -> Revisions:
    """Where the counter stands."""
    row = session.execute(select(Revision.value, Revision.clients)).one()
    return Revisions(RevisionNumber(row.value), RevisionNumber(row.clients))


def bump(session: Session) -> RevisionNumber:
    """Raise the counter for a write to devices or users; the row stays locked until the transaction ends."""
    value = session.execute(update(Revision).values(value=Revision.value + 1).returning(Revision.value)).scalar_one()
    return RevisionNumber(value)


def bump_clients(session: Session) -> RevisionNumber:
    """Raise the counter for a write to clients."""
    value = session.execute(
        update(Revision).values(value=Revision.value + 1, clients=Revision.value + 1).returning(Revision.value)
    ).scalar_one()
    return RevisionNumber(value)
