"""Find sessions in the database: those of all nodes, those that are over, and what they used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import msgspec
from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import Session

from nac.db.schema import Accounting, Device, DeviceMac, LiveSession, SessionHour, SessionUsage
from nac.errors import ConflictError, NotFoundError
from nac.events.query import is_id
from nac.events.store import search_mac
from nac.identity.name import fold

_MICROSECONDS: Final = 1_000_000


@dataclass(frozen=True)
class SessionFilter:
    """What is looked for; None does not restrict. `opened`: only sessions that are not over. `since`: Unix seconds;
    sessions that were still there then. `session_id`: Acct-Session-Id."""

    mac: str | None = None
    user: str | None = None
    device: str | None = None
    client: str | None = None
    session_id: str | None = None
    state: str | None = None
    segment: str | None = None
    opened: bool = False
    since: int | None = None


@dataclass(frozen=True)
class Used:
    """What accounting told so far: octets from and to the device, seconds, the last report (Unix microseconds)."""

    input_octets: int
    output_octets: int
    session_time: int | None
    seen_at: int


@dataclass(frozen=True)
class StoredSession:
    """A session as its last transition left it. `view`: the JSON object of a `SessionEvent`, its `record` left out."""

    id: str
    node: str
    view: dict[str, object]
    used: Used | None


@dataclass(frozen=True)
class HourlyUse:
    """`hour`: the Unix second at which it begins."""

    hour: int
    input_octets: int
    output_octets: int


def newest(session: Session, wanted: SessionFilter, limit: int) -> list[StoredSession]:
    """The matching sessions that opened last, the newest first. Raises `StorageError`."""
    query = _matching(wanted).order_by(LiveSession.opened_us.desc(), LiveSession.id).limit(limit)
    return _complete(session, query)


def by_id(session: Session, text: str) -> StoredSession:
    """The session whose id is or starts with `text`. Raises `NotFoundError`, or `ConflictError` for several."""
    start = text.strip().lower()
    found: list[StoredSession] = []
    if is_id(start):
        end = start + "g"  # sorts after every hex digit
        found = _complete(session, _columns().where(LiveSession.id >= start, LiveSession.id < end).limit(2))
    if not found:
        raise NotFoundError(f"there is no session {text!r}", fix="`nac session list` shows the newest")
    if len(found) > 1:
        raise ConflictError(f"several sessions start with {text!r}", fix="give more digits")
    return found[0]


def hours(session: Session, client: str, session_id: str, *, since_us: int) -> list[HourlyUse]:
    """What a session used hour by hour, from Unix microsecond `since_us` on, the oldest first."""
    key, since = fold(client), since_us // _MICROSECONDS // 3600 * 3600
    over = select(SessionHour.hour, SessionHour.input_octets, SessionHour.output_octets).where(
        SessionHour.client == key, SessionHour.session_id == session_id, SessionHour.hour >= since
    )
    newest = select(SessionUsage.hour, SessionUsage.hour_input_octets, SessionUsage.hour_output_octets).where(
        SessionUsage.client == key,
        SessionUsage.session_id == session_id,
        SessionUsage.hour >= since,
        or_(SessionUsage.hour_input_octets > 0, SessionUsage.hour_output_octets > 0),
    )
    found: dict[int, HourlyUse] = {}
    for hour, into, out in session.execute(over.union_all(newest)):
        there = found.get(hour, HourlyUse(hour, 0, 0))
        found[hour] = HourlyUse(hour, there.input_octets + into, there.output_octets + out)
    return [found[hour] for hour in sorted(found)]


def accounting(session: Session, client: str, session_id: str, *, limit: int) -> list[str]:
    """The newest accounting records of a session (`AccountingEvent` as JSON), the oldest first."""
    query = (
        select(Accounting.event)
        .where(Accounting.client == fold(client), Accounting.session_id == session_id)
        .order_by(Accounting.at_us.desc())
        .limit(limit)
    )
    return list(reversed(session.scalars(query).all()))


def _columns() -> Select[LiveSession, SessionUsage]:
    same = and_(SessionUsage.client == LiveSession.client, SessionUsage.session_id == LiveSession.session_id)
    return select(LiveSession, SessionUsage).outerjoin(SessionUsage, same)


def _matching(wanted: SessionFilter) -> Select[LiveSession, SessionUsage]:
    query = _columns()
    equal = {
        LiveSession.mac: wanted.mac and search_mac(wanted.mac),
        LiveSession.identity_user: wanted.user and fold(wanted.user),
        LiveSession.client: wanted.client and fold(wanted.client),
        LiveSession.session_id: wanted.session_id,
        LiveSession.state: wanted.state,
        LiveSession.segment: wanted.segment,
    }
    query = query.where(*(column == value for column, value in equal.items() if value is not None))
    if wanted.device is not None:
        device = fold(wanted.device)
        macs = select(DeviceMac.mac).join(Device).where(Device.key == device)
        query = query.where(or_(LiveSession.device == device, LiveSession.mac.in_(macs)))
    if wanted.opened:
        query = query.where(LiveSession.closed_us.is_(None))
    if wanted.since is not None:
        since = wanted.since * _MICROSECONDS
        query = query.where(or_(LiveSession.closed_us.is_(None), LiveSession.closed_us >= since))
    return query


def _complete(session: Session, query: Select[LiveSession, SessionUsage]) -> list[StoredSession]:
    return [StoredSession(row.id, row.node, _view(row), _used(usage)) for row, usage in session.execute(query)]


def _view(row: LiveSession) -> dict[str, object]:
    """`close_ended` changes columns and not the event: the columns hold."""
    view: dict[str, object] = msgspec.json.decode(row.event)
    del view["record"]
    return view | {"state": row.state, "cause": row.cause, "closed_at": row.closed_us}


def _used(usage: SessionUsage | None) -> Used | None:
    if usage is None:
        return None
    return Used(usage.input_octets, usage.output_octets, usage.session_time, usage.seen_us)
