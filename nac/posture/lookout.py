"""Reads what was recorded of logins and accounting since the last look, for `nac.posture.clones`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from sys import intern
from typing import Final

import msgspec
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from nac.db.schema import Accounting, Authentication, Device, DeviceMac, Drained
from nac.identity.name import fold
from nac.posture.clones import Evidence, Login, Places
from nac.posture.record import DeviceRecord

MAX_ROWS: Final = 2000
"""Of each table at one look: some 30 ms."""

_ALIVE: Final = ("start", "interim-update")


class _Nas(msgspec.Struct):
    port_type: str | None


class _Certificate(msgspec.Struct):
    fingerprint: str


class _Facts(msgspec.Struct):
    site: str | None = msgspec.field(default=None, name="client.site")


class _Event(msgspec.Struct):
    """What is asked of an `AuthenticationEvent`."""

    nas: _Nas
    certificate: _Certificate | None
    identity_device: str | None
    facts: _Facts


_EVENT: Final = msgspec.json.Decoder(_Event)


@dataclass(frozen=True, slots=True)
class _Seen:
    at: int
    login: Login | None
    mac: str
    client: str
    status: str


class Lookout:
    """Begins with what is recorded after its first look. `behind`: there is more to look at already."""

    def __init__(self) -> None:
        self._places = Places()
        self._authentication: int | None = None
        self._accounting: dict[str, int] = {}
        self.behind = False

    def look(self, session: Session) -> list[Evidence]:
        """What the newest records prove."""
        if self._authentication is None:
            self._authentication = session.scalar(select(func.max(Authentication.row_id))) or 0
            self._accounting = _drained(session)
            return []
        logins, sessions = list(self._logins(session)), list(self._sessions(session))
        self.behind = max(len(logins), len(sessions)) >= MAX_ROWS
        seen = sorted((one for one in [*logins, *sessions] if one is not None), key=lambda one: one.at)
        return [evidence for one in seen if (evidence := self._take(one)) is not None]

    def _take(self, seen: _Seen) -> Evidence | None:
        if seen.login is not None:
            return self._places.login(seen.login)
        if seen.status == "stop":
            self._places.ended(seen.mac, seen.client)
            return None
        return self._places.sign_of_life(seen.mac, seen.client, seen.at) if seen.status in _ALIVE else None

    def _logins(self, session: Session) -> Iterator[_Seen | None]:
        """One for each row that was read."""
        columns = (Authentication.row_id, Authentication.at_us, Authentication.mac, Authentication.client)
        query = select(*columns, Authentication.result, Authentication.event)
        query = query.where(Authentication.row_id > self._authentication).order_by(Authentication.row_id)
        for row in session.execute(query.limit(MAX_ROWS)):
            self._authentication = row.row_id
            event = _EVENT.decode(row.event) if row.result == "accept" else None
            if row.mac is None or event is None or event.certificate is None or event.identity_device is None:
                yield None
                continue
            yield _Seen(
                row.at_us,
                Login(
                    event.certificate.fingerprint,
                    event.identity_device,
                    row.mac,
                    intern(row.client),
                    intern(event.nas.port_type) if event.nas.port_type else None,
                    intern(event.facts.site) if event.facts.site else None,
                    row.at_us,
                ),
                row.mac,
                row.client,
                "accept",
            )

    def _sessions(self, session: Session) -> Iterator[_Seen | None]:
        """Likewise; each node numbers its records by itself."""
        columns = (Accounting.sequence, Accounting.happened_us, Accounting.mac, Accounting.client, Accounting.status)
        for node, newest in _drained(session).items():
            read = self._accounting.setdefault(node, 0)
            if newest == read:
                continue
            query = select(*columns).where(Accounting.node == node, Accounting.sequence > read)
            rows = session.execute(query.order_by(Accounting.sequence).limit(MAX_ROWS)).all()
            self._accounting[node] = rows[-1].sequence if len(rows) == MAX_ROWS else newest
            for row in rows:
                yield None if row.mac is None else _Seen(row.happened_us, None, row.mac, row.client, row.status)


def _drained(session: Session) -> dict[str, int]:
    """How far each node's records are here: numbers of its journal."""
    return {row.node: row.sequence for row in session.execute(select(Drained.node, Drained.sequence))}


def strangers(session: Session, found: Sequence[Evidence]) -> list[tuple[DeviceRecord, Evidence]]:
    """Those of devices on record, unless both addresses are the device's own: it may well use two ports at once."""
    kept = []
    for evidence in found:
        device = session.scalars(select(Device).where(Device.key == fold(evidence.device))).one_or_none()
        if device is None:
            continue
        own = set(session.scalars(select(DeviceMac.mac).where(DeviceMac.device_id == device.id)))
        if not own.issuperset(evidence.macs):
            kept.append((DeviceRecord.of(device), evidence))
    return kept
