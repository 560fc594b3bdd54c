"""Acts of administrators in the node's journal, in order with everything else that happened there.

Commands write their audit row in the transaction of their change, whether a server runs or not. A running server reads
the new rows together with the facts that they changed, and has them in its journal before it goes by them. What a
server does itself on somebody's word is in its journal first, and has its row from there.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final, Protocol

import msgspec
from sqlalchemy import exists, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from nac.db.schema import AdminAudit, AdminTaken
from nac.events.types import AdminEvent

LOOK_BACK: Final = 256
"""PostgreSQL gives numbers before it commits: a row may appear after so many later ones."""

MOST: Final = 1000
"""Rows read at once."""

LONGEST: Final = 2000
"""Characters of each text in the journal, so that an event fits there; the row has all of them."""


class Journal(Protocol):
    """`nac._dataplane.DataPlane`."""

    def generation(self) -> int: ...
    def record_event(self, event: bytes) -> None: ...


class Acts:
    """What commands have done since this was made. Not for two threads at a time."""

    def __init__(self, session: Session) -> None:
        self._last = session.scalar(select(func.max(AdminAudit.id))) or 0
        recent = select(AdminAudit.id).where(AdminAudit.id > self._last - LOOK_BACK)
        self._seen = set(session.scalars(recent))

    def unseen(self, session: Session, *, node: str) -> list[AdminAudit]:
        """Rows that were not there before, oldest first, but for those from this node's own journal. Ask after reading
        the facts, so that none of their acts is missing; they come again until they are `taken`."""
        own = exists().where(AdminTaken.audit == AdminAudit.id, AdminTaken.node == node)
        new = select(AdminAudit).where(AdminAudit.id > self._last - LOOK_BACK, AdminAudit.id.not_in(self._seen), ~own)
        return list(session.scalars(new.order_by(AdminAudit.id).limit(MOST)))

    def taken(self, rows: Sequence[AdminAudit], journal: Journal) -> None:
        """Into the journal."""
        for row in rows:
            journal.record_event(msgspec.json.encode(_event(row, journal.generation())))
            self._last = max(self._last, row.id)
            self._seen.add(row.id)
        self._seen = {one for one in self._seen if one > self._last - LOOK_BACK}


def _event(row: AdminAudit, generation: int) -> AdminEvent:
    return AdminEvent(
        at=time.time_ns() // 1000,
        generation=generation,
        actor=row.actor[:LONGEST],
        action=row.action[:LONGEST],
        subject=row.subject[:LONGEST],
        detail=row.detail[:LONGEST],
        audit=row.id,
    )


def store_acts(session: Session, node: str, acts: Sequence[tuple[int, AdminEvent]]) -> None:
    """Keep the places of acts, given with their sequences, and the rows of those that have none."""
    rows = [
        {
            "audit": act.audit if act.audit is not None else _row(session, act),
            "node": node,
            "sequence": sequence,
            "at_us": act.at,
            "generation": act.generation,
        }
        for sequence, act in acts
    ]
    if rows:
        insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
        session.execute(insert(AdminTaken).on_conflict_do_nothing(), rows)


def places(session: Session, rows: Sequence[AdminAudit]) -> Mapping[int, list[AdminTaken]]:
    """Where these acts stand in the journals of servers, by the id of the row; none for what no server has taken up."""
    found: defaultdict[int, list[AdminTaken]] = defaultdict(list)
    if rows:
        numbers = sorted(row.id for row in rows)
        between = select(AdminTaken).where(AdminTaken.audit.between(numbers[0], numbers[-1]))
        for one in session.scalars(between.order_by(AdminTaken.audit, AdminTaken.node)):
            found[one.audit].append(one)
    return found


def _row(session: Session, act: AdminEvent) -> int:
    fields = {name: getattr(act, name).replace("\x00", "") for name in ("actor", "action", "subject", "detail")}
    row = AdminAudit(at=act.at // 1_000_000, **fields)
    session.add(row)
    session.flush()
    return row.id
