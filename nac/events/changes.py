"""Which changes of live sessions an authentication has to do with."""

from __future__ import annotations

from typing import Final

import msgspec
from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from nac.db.schema import CoaJob
from nac.events.store import search_mac
from nac.events.types import AuthenticationEvent, CoaEvent

SHOWN: Final = 2
_AROUND_US: Final = 5_000_000
"""A login within this time of a change's end is the one that ended it."""


def changes_of(session: Session, event: AuthenticationEvent) -> list[CoaEvent]:
    """At most two, the older first: changes of what this authentication opened, and the one that it is the end of."""
    opened = CoaJob.decision == event.id
    mac = search_mac(event.mac) if event.mac else None
    ended = and_(CoaJob.mac == mac, CoaJob.ended_us.between(event.at - _AROUND_US, event.ended_at + _AROUND_US))
    query = select(CoaJob.event).where(or_(opened, ended)).order_by(CoaJob.row_id.desc()).limit(SHOWN)
    return [msgspec.json.decode(raw, type=CoaEvent) for raw in reversed(session.scalars(query).all())]
