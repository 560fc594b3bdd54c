"""From the drain into the tables of sessions: records counted once, transitions kept, open sessions restored."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import pytest
from sqlalchemy import func, select

from nac.db import Database
from nac.db.audit import Actor
from nac.db.schema import LiveSession, SessionHour, SessionUsage
from nac.errors import NotFoundError
from nac.events import retention
from nac.events.drain import Drain
from nac.events.store import EventStore, ReceivedEvent
from nac.events.types import AccountingEvent, NasPort, SessionEvent, decode_header
from nac.identity.devices import Devices, Fingerprint, NewDevice
from nac.identity.name import Name
from nac.sessions import query
from nac.sessions.sightings import of_device
from nac.sessions.store import close_ended, load_open

NODE = "ab" * 16
SECOND = 1_000_000
NOON = 1_790_002_800 * SECOND - 1_790_002_800 * SECOND % (3600 * SECOND)
NAS = NasPort("switch", "192.0.2.1", 17, "Gi1/0/17", "Ethernet", None, None)


def accounting(status: str, at: int, **changes: Any) -> bytes:
    event = AccountingEvent(
        at=at,
        happened_at=at,
        client="Switch-1",
        source="192.0.2.1:1",
        generation=3,
        status=status,
        session_id="2A",
        multi_session_id=None,
        decision=None,
        classes=[],
        nas=NAS,
        mac="02-00-00-00-00-0A",
        user_name="Alice",
        addresses=[],
        delay=None,
        event_timestamp=None,
        session_time=None,
        input_octets=None,
        output_octets=None,
        input_packets=None,
        output_packets=None,
        terminate_cause=None,
        attributes=[],
    )
    return msgspec.json.encode(msgspec.structs.replace(event, **changes))


def transition(change: str, session: str = "1" * 32, **changes: Any) -> bytes:
    said = {
        "type": "session",
        "sequence": 1,
        "at": NOON,
        "change": change,
        "cause": None,
        "session": session,
        "state": "active",
        "client": "Switch-1",
        "source": "192.0.2.1",
        "nas": msgspec.to_builtins(NAS),
        "user_name": "Alice",
        "calling_station": "02-00-00-00-00-0A",
        "mac": "02-00-00-00-00-0A",
        "acct_session_id": None,
        "acct_multi_session_id": None,
        "audit_session_id": None,
        "addresses": [],
        "method": "eap-tls",
        "identity_user": "Alice@Corp.example",
        "identity_device": "Laptop-17",
        "certificate": "c" * 64,
        "tls": "1.3",
        "decision": session,
        "generation": 3,
        "segment": "ml",
        "rule": "a.policy:3",
        "authorization": "d" * 32,
        "session_timeout": None,
        "opened_at": NOON,
        "authorized_at": NOON,
        "seen_at": NOON,
        "closed_at": None,
        "differs": False,
        "record": {"version": 1, "of": change},
    } | changes
    raw = msgspec.json.encode(said)
    msgspec.json.decode(raw, type=SessionEvent)
    return raw


def put(database: Database, *raws: bytes, first: int = 1) -> None:
    store = EventStore(database, node=NODE)
    store.insert([ReceivedEvent(raw, decode_header(raw), number) for number, raw in enumerate(raws, first)])


SESSION = [
    accounting("start", NOON),
    accounting("interim-update", NOON + 1800 * SECOND, session_time=1800, input_octets=1000, output_octets=10),
    accounting("interim-update", NOON + 3600 * SECOND, session_time=3600, input_octets=1500, output_octets=20),
    accounting("stop", NOON + 3660 * SECOND, session_time=3660, input_octets=1600, output_octets=20),
]


def used(database: Database) -> tuple[int, int, bool]:
    with database.read() as session:
        row = session.scalars(select(SessionUsage)).one()
        return row.input_octets, row.output_octets, row.ended


def hours(database: Database) -> dict[int, tuple[int, int]]:
    with database.read() as session:
        found = query.hours(session, "switch-1", "2A", since_us=0)
        return {(one.hour - NOON // SECOND) // 3600: (one.input_octets, one.output_octets) for one in found}


def test_a_session_is_counted_by_the_hour(database: Database) -> None:
    put(database, *SESSION)
    assert used(database) == (1600, 20, True)
    assert hours(database) == {0: (1000, 10), 1: (600, 10)}


def test_the_same_in_any_batches_and_read_again_and_again(database: Database) -> None:
    for upto in range(1, len(SESSION) + 1):
        put(database, *SESSION[:upto])
        put(database, *SESSION[:upto])
    assert used(database) == (1600, 20, True)
    assert hours(database) == {0: (1000, 10), 1: (600, 10)}


def delete_older(database: Database, *, sessions: int, usage: int) -> dict[str, int]:
    """With these limits, in hours since noon."""
    at = {"sessions": NOON // SECOND + sessions * 3600, "usage": NOON // SECOND + usage * 3600}
    return retention.delete_older(database, replace(retention.Limits.all_at(0), **at)).rows


def test_hours_outlive_what_is_known_of_their_session(database: Database) -> None:
    put(database, *SESSION)
    assert delete_older(database, sessions=2, usage=0) == {"session_usage": 1}
    assert hours(database) == {0: (1000, 10), 1: (600, 10)}
    assert delete_older(database, sessions=2, usage=1) == {"session_hours": 1}
    assert hours(database) == {1: (600, 10)}


def test_an_hour_past_its_limit_goes_while_its_session_stays(database: Database) -> None:
    put(database, *SESSION)
    assert delete_older(database, sessions=1, usage=2) == {"session_hours": 1}
    assert (hours(database), used(database)) == ({}, (1600, 20, True))


def test_octets_beyond_a_column_do_not_cost_the_record(database: Database) -> None:
    put(database, accounting("interim-update", NOON, input_octets=2**64 - 1, output_octets=1))
    assert used(database) == (2**63 - 1, 1, False)


def test_transitions_leave_one_row_as_the_last_said(database: Database) -> None:
    bound = transition("bound", acct_session_id="2A", at=NOON + 5)
    put(database, transition("opened"), transition("opened", "2" * 32), bound, *SESSION[:2])
    with database.read() as session:
        found = query.newest(session, query.SessionFilter(user="alice@corp.example", opened=True), 10)
        assert {one.id for one in found} == {"1" * 32, "2" * 32}
        one = query.by_id(session, "11111111")
        assert (one.view["change"], one.view["acct_session_id"], "record" in one.view) == ("bound", "2A", False)
        assert one.used is not None
        assert (one.used.input_octets, one.used.seen_at) == (1000, NOON + 1800 * SECOND)
        assert load_open(session, node=NODE)[0] == [b'{"version":1,"of":"bound"}', b'{"version":1,"of":"opened"}']
        assert load_open(session, node="ff" * 16) == ([], 0), "another node has its own"
        for wanted in (
            query.SessionFilter(mac="0200.0000.000a", client="SWITCH-1", session_id="2A", state="active"),
            query.SessionFilter(device="laptop-17", segment="ml", since=NOON // SECOND, session_id="2A"),
        ):
            assert [one.id for one in query.newest(session, wanted, 10)] == ["1" * 32]


def test_an_older_transition_read_again_changes_nothing(database: Database) -> None:
    put(
        database, transition("opened"), transition("closed", state="closed", closed_at=NOON + 9, cause="x", record=None)
    )
    put(database, transition("opened"))
    with database.read() as session:
        row = session.scalars(select(LiveSession)).one()
        assert (row.state, row.cause, row.closed_us) == ("closed", "x", NOON + 9)
        assert load_open(session, node=NODE)[0] == []


def test_a_stop_that_a_crash_kept_from_closing_the_session_closes_it_at_the_start(database: Database) -> None:
    put(database, transition("bound", acct_session_id="2A"), *SESSION, transition("opened", "2" * 32))
    with database.write() as session:
        assert close_ended(session, node=NODE) == 1
    with database.read() as session:
        assert load_open(session, node=NODE)[0] == [b'{"version":1,"of":"opened"}']
        one = query.by_id(session, "1" * 32)
        assert (one.view["state"], one.view["closed_at"]) == ("closed", NOON + 3660 * SECOND)


def test_a_session_authorized_after_the_stop_of_one_before_it_goes_on(database: Database) -> None:
    later = NOON + 7200 * SECOND
    put(database, *SESSION, transition("bound", acct_session_id="2A", authorized_at=later, opened_at=later))
    with database.write() as session:
        assert close_ended(session, node=NODE) == 0


def test_one_device_with_three_made_up_addresses_is_one_with_three_sightings(database: Database) -> None:
    macs = ["02-00-00-00-00-01", "02-00-00-00-00-02", "02-00-00-00-00-03"]
    for second, mac in enumerate([*macs, macs[0]]):
        put(database, accepted(mac=mac, at=NOON + second * SECOND, number=second), first=second + 1)
    put(database, accepted(mac=macs[0], at=NOON, number=99, result="reject"), first=50)
    with database.write() as session:
        devices = Devices(session, actor=Actor("root"), now=1)
        devices.add(NewDevice(Name.parse("Laptop-17"), certificates=[Fingerprint("c" * 64)]))
        seen = of_device(session, devices.get("laptop-17"))
    at = NOON // SECOND
    assert [(one.mac[-2:], one.first_at - at, one.last_at - at) for one in seen] == [
        ("01", 0, 3),
        ("03", 2, 2),
        ("02", 1, 1),
    ]


def accepted(*, mac: str, at: int, number: int, result: str = "accept") -> bytes:
    said = {
        "type": "authentication",
        "id": f"{number:032x}",
        "at": at,
        "client": "ap-1",
        "mac": mac,
        "user_name": "anonymous",
        "result": result,
        "cause": "ok",
        "identity_user": None,
        "identity_device": None,
        "certificate": {"fingerprint": "c" * 64},
        "facts": {},
        "decision": None,
        "reply": None,
    }
    return msgspec.json.encode(said)


def test_what_is_not_there_is_said(database: Database) -> None:
    with database.read() as session:
        with pytest.raises(NotFoundError):
            query.by_id(session, "abcdef12")
        assert query.hours(session, "x", "y", since_us=0) == []
        assert session.scalar(select(func.count()).select_from(SessionHour)) == 0


def test_the_newest_accounting_of_a_session(database: Database) -> None:
    put(database, *SESSION, accounting("start", NOON, session_id="other"))
    with database.read() as session:
        found = query.accounting(session, "Switch-1", "2A", limit=2)
    assert [msgspec.json.decode(one)["status"] for one in found] == ["interim-update", "stop"]


def test_session_events_do_not_count_as_what_happened(database: Database) -> None:
    class Journal:
        class Health:
            last = 2
            alarm = None

        def read_journal(self, *, after: int, most: int, timeout_ms: int) -> list[tuple[int, bytes]]:
            records = [(1, transition("opened")), (2, SESSION[0])]
            return [record for record in records if record[0] > after]

        def acknowledge(self, sequence: int) -> None: ...

        def journal_state(self) -> Any:
            return self.Health()

        def wait_events(self, *, timeout_ms: int, gather_ms: int = 0, max_events: int = 1) -> list[bytes]:
            return []

    drain = Drain(Journal(), EventStore(database, node=NODE))
    drain.step(timeout_ms=0)
    assert drain.counters().stored == 1
