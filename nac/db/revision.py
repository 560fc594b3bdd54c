"""The revision counter: how the server notices, by reading one row, that clients, devices or users were changed."""

from __future__ import annotations

from typing import Final, NamedTuple, NewType

from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from nac.db.schema import Revision

RevisionNumber = NewType("RevisionNumber", int)


_BUMP: Final = text("UPDATE revision SET value = value + 1 RETURNING value")
"""As text: with each posture report."""


class Revisions(NamedTuple):
    """`latest`: of any write; `clients`: of the last write to clients."""

    latest: RevisionNumber
    clients: RevisionNumber


def current(session: Session) -> Revisions:
    """Where the counter stands."""
    row = session.execute(select(Revision.value, Revision.clients)).one()
    return Revisions(RevisionNumber(row.value), RevisionNumber(row.clients))


def hold(session: Session) -> None:
    """Let nobody else write devices or users until the transaction ends: what is read from here on stays true in it.
    SQLite has but one writer anyway."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(Revision.value).with_for_update())


def bump(session: Session) -> RevisionNumber:
    """Raise the counter for a write to devices or users; the row stays locked until the transaction ends."""
    return RevisionNumber(session.execute(_BUMP).scalar_one())


def bump_clients(session: Session) -> RevisionNumber:
    """Raise the counter for a write to clients."""
    value = session.execute(
        update(Revision).values(value=Revision.value + 1, clients=Revision.value + 1).returning(Revision.value)
    ).scalar_one()
    return RevisionNumber(value)
