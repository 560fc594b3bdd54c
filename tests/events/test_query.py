"""Finding authentications: every filter, order, following, ids."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from nac.db import Database
from nac.db.audit import Actor
from nac.errors import ConflictError, NotFoundError, StorageError
from nac.events.query import AuthenticationFilter, RowId, by_id, discards_since, following, last_row, newest
from nac.events.types import AuthenticationEvent, DiscardEvent
from nac.identity.devices import Devices, NewDevice
from nac.identity.mac import MacAddress
from nac.identity.name import Name

Sample = Callable[..., AuthenticationEvent]
Store = Callable[..., None]

ALL = ("accepted", "expired", "printer", "distrusted", "silent", "denied")


@pytest.fixture(autouse=True)
def stored(sample: Sample, store: Store) -> None:
    store(*(sample(name) for name in ALL))


@pytest.mark.parametrize(
    ("wanted", "causes"),
    [
        (AuthenticationFilter(mac="001B.7749.54FD"), ["ok"]),
        (AuthenticationFilter(user="alice@LAB.example"), ["ok"]),
        (AuthenticationFilter(user="carol@lab.example"), ["client_stopped_after_server_certificate"]),
        (AuthenticationFilter(device="LAPTOP-17"), ["ok"]),
        (AuthenticationFilter(client="WLC"), ["client_stopped_after_server_certificate", "client_alert_unknown_ca"]),
        (AuthenticationFilter(result="accept"), ["ok", "ok"]),
        (AuthenticationFilter(since=1790000040), ["policy_default_deny", "client_stopped_after_server_certificate"]),
        (AuthenticationFilter(client="wlc", result="accept"), []),
    ],
)
def test_filters_newest_first(database: Database, wanted: AuthenticationFilter, causes: list[str]) -> None:
    with database.read() as session:
        assert [stored.event.cause for stored in newest(session, wanted, 10)] == causes


def test_limit(database: Database) -> None:
    with database.read() as session:
        assert [s.event.sequence for s in newest(session, AuthenticationFilter(), 2)] == [6, 5]


def test_a_device_is_also_found_by_the_addresses_it_has(database: Database) -> None:
    with database.write() as session:
        new = NewDevice(Name.parse("laptop-18"), [MacAddress.parse("00:1b:77:49:54:fe")])
        Devices(session, actor=Actor("root"), now=1).add(new)
    with database.read() as session:
        found = newest(session, AuthenticationFilter(device="laptop-18"), 10)
    assert [stored.event.cause for stored in found] == ["certificate_expired"]


def test_following_gives_each_once_in_the_order_of_storing(database: Database, sample: Sample, store: Store) -> None:
    with database.read() as session:
        start = last_row(session)
        assert following(session, AuthenticationFilter(), start, 10) == []
    store(sample("accepted", id="9" * 32, at=1), sample("expired", id="8" * 32))
    with database.read() as session:
        found = following(session, AuthenticationFilter(), start, 1)
        assert [stored.event.id for stored in found] == ["9" * 32]
        found = following(session, AuthenticationFilter(), found[-1].row_id, 10)
        assert [stored.event.id for stored in found] == ["8" * 32]
        assert following(session, AuthenticationFilter(result="accept"), RowId(start + 1), 10) == []


@pytest.mark.parametrize("text", ["a1b2c3d4", "A1B2C3D4E5F60718293A4B5C6D7E8F90", " a1b2c3d4e5 "])
def test_by_id_or_its_start(database: Database, text: str) -> None:
    with database.read() as session:
        assert by_id(session, text).event.client == "sw-floor1"


@pytest.mark.parametrize("text", ["", "a1b2", "ffffffff", "laptop-17", "a1b2c3d4%"])
def test_no_such_id(database: Database, text: str) -> None:
    with database.read() as session, pytest.raises(NotFoundError):
        by_id(session, text)


def test_an_ambiguous_start(database: Database, sample: Sample, store: Store) -> None:
    store(sample("accepted", id="a1b2c3d4" + "0" * 24))
    with database.read() as session, pytest.raises(ConflictError):
        by_id(session, "a1b2c3d4")


def test_an_event_of_another_version_is_a_clear_error(database: Database) -> None:
    from nac.db.schema import Authentication

    with database.write() as session:
        session.query(Authentication).filter_by(cause="ok").update({"event": '{"type":"authentication"}'})
    with database.read() as session, pytest.raises(StorageError, match="not understood"):
        newest(session, AuthenticationFilter(), 10)


def test_discards_are_summed_by_reason_and_source(database: Database, store: Store) -> None:
    def discard(
        sequence: int, at: int, count: int, source: str = "10.9.9.9", client: str | None = None
    ) -> DiscardEvent:
        return DiscardEvent(
            sequence=sequence, at=at, reason="unknown_client", detail="", client=client, source=source, count=count
        )

    store(
        discard(1, 100_000_000, 5),
        discard(2, 200_000_000, 7),
        discard(3, 200_000_001, 1, "10.8.8.8", "SW"),
        discard(4, 1_000_000, 1),
    )
    with database.read() as session:
        everything = discards_since(session, 100)
        assert [(d.source, d.packets, d.last_at) for d in everything] == [("10.9.9.9", 12, 200), ("10.8.8.8", 1, 200)]
        assert [d.packets for d in discards_since(session, 100, source="10.8.8.8")] == [1]
        assert [d.packets for d in discards_since(session, 100, client="sw")] == [1]
        assert [d.packets for d in discards_since(session, 150)] == [7, 1]
