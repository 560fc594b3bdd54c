"""What is too old goes, in parts; the rest stays."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from nac.db import Database
from nac.db.audit import Actor
from nac.events import retention
from nac.events.query import AuthenticationFilter, discards_since, newest
from nac.events.types import AuthenticationEvent, DiscardEvent
from nac.identity.devices import Devices, NewDevice
from nac.identity.name import Name
from nac.identity.store import changes_since

Sample = Callable[..., AuthenticationEvent]
Store = Callable[..., None]


def total(database: Database, before: int) -> int:
    return sum(retention.delete_older(database, retention.Limits.all_at(before)).rows.values())


def test_older_events_go_in_parts(
    database: Database, sample: Sample, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "ROWS_AT_ONCE", 3)
    store(*(sample("accepted", id=f"{second:032x}", at=second * 1_000_000) for second in range(20)))
    store(*(DiscardEvent(second, second * 1_000_000, "r", "", None, "s", 1) for second in range(20)))
    assert total(database, 15) == 30
    with database.read() as session:
        left = newest(session, AuthenticationFilter(), 100)
        assert [stored.event.at // 1_000_000 for stored in left] == [19, 18, 17, 16, 15]
        assert sum(d.packets for d in discards_since(session, 0)) == 5
    assert total(database, 15) == 0


def test_old_tombstones_go(database: Database) -> None:
    for name, now in (("a", 10), ("b", 20)):
        with database.write() as session:
            devices = Devices(session, actor=Actor("root"), now=now)
            devices.add(NewDevice(Name.parse(name)))
            devices.remove(name)
    assert total(database, 15) == 1
    with database.read() as session:
        assert changes_since(session, 0).removed_devices == ["b"]  # type: ignore[arg-type]
