"""The drain: nothing lost, nothing twice, nothing acknowledged that is not stored, and never ended by one event."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any, Literal

import msgspec
import pytest
from sqlalchemy import func, select

from nac._dataplane import JournalError
from nac.db import Database
from nac.db.schema import Accounting, Authentication, Discard
from nac.events.drain import FINISH_S, Drain
from nac.events.pace import BATCH
from nac.events.query import by_id
from nac.events.store import EventStore, ReceivedEvent
from nac.events.types import AccountingEvent, AuthenticationEvent, AuthorizationEvent, DiscardEvent, NasPort, decode

Sample = Callable[..., AuthenticationEvent]


NODE = "ab" * 16


class Health:
    """A journal that is well, or not."""

    last = 0
    alarm: Literal["failing", "full", "filling"] | None = None


class Journal:
    """Records as the data plane gives them: by sequence, a bounded number at once, until they are acknowledged."""

    def __init__(self, *events: bytes, first: int = 1) -> None:
        self.records = dict(enumerate(events, first))
        self.unwritten: list[bytes] = []
        self.acknowledged = 0
        self.health = Health()

    def read_journal(self, *, after: int, most: int, timeout_ms: int) -> list[tuple[int, bytes]]:
        return [record for record in self.records.items() if record[0] > after][:most]

    def acknowledge(self, sequence: int) -> None:
        self.acknowledged = sequence

    def journal_state(self) -> Health:
        self.health.last = max(self.records, default=0)
        return self.health

    def wait_events(self, *, timeout_ms: int, gather_ms: int = 0, max_events: int = 4096) -> list[bytes]:
        given, self.unwritten = self.unwritten[:max_events], self.unwritten[max_events:]
        return given

    def append(self, *events: bytes) -> None:
        self.records |= dict(enumerate(events, len(self.records) + 1))


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def sink(database: Database) -> EventStore:
    return EventStore(database, node=NODE)


def encoded(sample: Sample, count: int, start: int = 0) -> list[bytes]:
    return [
        msgspec.json.encode(sample("accepted", id=f"{number:032x}", sequence=number))
        for number in range(start, start + count)
    ]


def accounting(**changes: Any) -> bytes:
    nas = NasPort("switch", None, 17, None, "Ethernet", None, None)
    event = AccountingEvent(
        at=5_000_000,
        happened_at=4_000_000,
        client="Switch-1",
        source="192.0.2.1:1",
        generation=3,
        status="stop",
        session_id="2A",
        multi_session_id=None,
        decision="cd" * 16,
        classes=[],
        nas=nas,
        mac="02-00-00-00-00-0A",
        user_name="Alice",
        addresses=[],
        delay=1,
        event_timestamp=None,
        session_time=60,
        input_octets=2**40,
        output_octets=None,
        input_packets=None,
        output_packets=None,
        terminate_cause="user-request",
        attributes=[],
    )
    return msgspec.json.encode(msgspec.structs.replace(event, **changes))


def count(database: Database, table: type = Authentication) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_each_kind_is_stored_once_however_often_it_is_read(database: Database, sample: Sample) -> None:
    discard = DiscardEvent(
        sequence=9,
        at=5,
        reason="unknown_client",
        detail="no client has this address",
        client=None,
        source="9.9.9.9",
        count=3,
    )
    raws = [*encoded(sample, 3), msgspec.json.encode(discard), accounting(), accounting()]
    for _ in range(3):
        journal = Journal(*raws)
        drain = Drain(journal, sink(database))
        drain.step(timeout_ms=0)
        assert drain.counters().stored == 6
        assert journal.acknowledged == 6
    assert (count(database), count(database, Discard)) == (3, 1)
    assert count(database, Accounting) == 2, "records are known by node and sequence, not by what they say"


def test_an_accounting_record_has_its_columns(database: Database) -> None:
    Drain(Journal(accounting(), first=77), sink(database)).step(timeout_ms=0)
    with database.read() as session:
        row = session.scalars(select(Accounting)).one()
        assert (row.node, row.sequence, row.at_us, row.happened_us) == (NODE, 77, 5_000_000, 4_000_000)
        assert (row.client, row.status, row.session_id, row.decision) == ("switch-1", "stop", "2A", "cd" * 16)
        assert (row.mac, row.user_name, row.session_time) == ("02:00:00:00:00:0a", "alice", 60)
        assert (row.input_octets, row.output_octets) == (2**40, None)
        assert isinstance(decode(row.event.encode()), AccountingEvent)


def test_another_node_has_sequences_of_its_own(database: Database) -> None:
    for node in ("aa" * 16, "bb" * 16):
        Drain(Journal(accounting()), EventStore(database, node=node)).step(timeout_ms=0)
    assert count(database, Accounting) == 2


def test_more_than_one_batch(database: Database, sample: Sample) -> None:
    journal = Journal(*encoded(sample, BATCH + 10))
    drain = Drain(journal, sink(database))
    assert drain.step(timeout_ms=0) == BATCH
    assert journal.acknowledged == BATCH
    assert drain.step(timeout_ms=0) == 10
    assert (count(database), journal.acknowledged) == (BATCH + 10, BATCH + 10)
    assert drain.step(timeout_ms=0) == 0


def test_what_cannot_be_decoded_is_counted_and_skipped(database: Database, sample: Sample) -> None:
    no_fields = b'{"type":"authentication"}'
    journal = Journal(b"", b"{}", b"\xff", no_fields, *encoded(sample, 1))
    drain = Drain(journal, sink(database))
    drain.step(timeout_ms=0)
    counters = drain.counters()
    assert (count(database), counters.undecodable, counters.dropped) == (1, 3, 1)
    journal.append(b"[]")
    drain.step(timeout_ms=0)
    assert journal.acknowledged == 6, "nor is it kept for ever"


def test_a_locked_database_is_retried_with_growing_pauses(sqlite_url: str, sample: Sample) -> None:
    database, impatient, clock = Database.open(sqlite_url), Database.open(sqlite_url, busy_timeout_ms=1), Clock()
    journal = Journal(*encoded(sample, 5))
    drain = Drain(journal, sink(impatient), clock=clock)
    with database.write():
        for pause in (0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 15.0):
            drain.step(timeout_ms=0)
            failures = drain.counters().failures
            clock.now += pause * 0.99
            drain.step(timeout_ms=0)
            assert drain.counters().failures == failures, "not tried again before the pause is over"
            assert journal.acknowledged == 0
            clock.now += pause * 0.02
    drain.step(timeout_ms=0)
    assert (count(database), journal.acknowledged) == (5, 5)
    assert drain.counters().dropped == 0


@pytest.mark.parametrize("alarm", ["failing", "full"])
def test_events_that_cannot_reach_the_journal_are_stored_all_the_same(
    database: Database, sample: Sample, alarm: Literal["failing", "full"]
) -> None:
    journal = Journal(*encoded(sample, 2))
    journal.unwritten = encoded(sample, 3, start=10)
    drain = Drain(journal, sink(database))
    drain.step(timeout_ms=0)
    assert count(database) == 2, "the queue is left to the journal while it can be written"
    journal.health.alarm = alarm
    drain.step(timeout_ms=0)
    assert (count(database), journal.acknowledged) == (5, 2)


class Refusing:
    """A sink that fails in a way nobody foresaw whenever a batch has this event in it."""

    def __init__(self, sink: EventStore, poison: bytes) -> None:
        self.sink = sink
        self.poison = poison

    def insert(self, batch: Sequence[ReceivedEvent]) -> None:
        if any(received.raw == self.poison for received in batch):
            raise RuntimeError("unforeseen")
        self.sink.insert(batch)


def test_an_unforeseen_fault_costs_one_event_and_no_more(database: Database, sample: Sample) -> None:
    events = encoded(sample, 5)
    journal = Journal(*events)
    drain = Drain(journal, Refusing(sink(database), events[2]))
    drain.step(timeout_ms=0)
    assert (count(database), drain.counters().dropped, journal.acknowledged) == (4, 1, 5)


def test_a_number_beyond_64_bits_does_not_end_the_drain(database: Database, sample: Sample) -> None:
    journal = Journal(msgspec.json.encode(sample("accepted", at=2**63)), *encoded(sample, 1))
    Drain(journal, sink(database)).step(timeout_ms=0)
    assert (count(database), journal.acknowledged) == (1, 2)


def test_accounting_that_is_none_costs_one_record_and_no_more(database: Database) -> None:
    journal = Journal(accounting(), accounting(input_octets=-1), b'{"type":"accounting","at":1}', accounting())
    drain = Drain(journal, sink(database))
    drain.step(timeout_ms=0)
    assert (count(database, Accounting), drain.counters().dropped, journal.acknowledged) == (2, 2, 4)


class Broken(Journal):
    """A journal that cannot be read, once."""

    broken = True

    def read_journal(self, *, after: int, most: int, timeout_ms: int) -> list[tuple[int, bytes]]:
        if self.broken:
            self.broken = False
            raise JournalError("cannot read")
        return super().read_journal(after=after, most=most, timeout_ms=timeout_ms)


def test_it_runs_on_a_thread_until_told_to_stop_whatever_the_journal_says(database: Database, sample: Sample) -> None:
    stored, stop = threading.Event(), threading.Event()

    class Telling(EventStore):
        def insert(self, batch: Sequence[ReceivedEvent]) -> None:
            super().insert(batch)
            stored.set()

    drain = Drain(Broken(*encoded(sample, 4)), Telling(database, node=NODE))
    thread = threading.Thread(target=drain.run, args=(stop,))
    thread.start()
    assert stored.wait(30)
    stop.set()
    thread.join(30)
    assert not thread.is_alive()
    assert (count(database), drain.counters().failures) == (4, 1)


def test_the_end_stores_what_is_left(database: Database, sample: Sample) -> None:
    stop = threading.Event()
    stop.set()
    drain = Drain(Journal(*encoded(sample, 5000)), sink(database))
    drain.run(stop)
    assert count(database) == 5000


def test_the_end_is_bounded_however_much_is_left(database: Database, sample: Sample) -> None:
    class Slow(Journal):
        def acknowledge(self, sequence: int) -> None:
            super().acknowledge(sequence)
            clock.now += FINISH_S * 0.6

    clock, journal = Clock(), Slow(*encoded(sample, 3 * BATCH))
    Drain(journal, sink(database), clock=clock).finish()
    assert journal.acknowledged == count(database) == 2 * BATCH


def test_what_the_database_refuses_at_the_end_stays_in_the_journal(sqlite_url: str, sample: Sample) -> None:
    database, impatient = Database.open(sqlite_url), Database.open(sqlite_url, busy_timeout_ms=1)
    journal = Journal(*encoded(sample, 7))
    with database.write():
        Drain(journal, sink(impatient)).finish()
    assert (count(database), journal.acknowledged) == (0, 0)
    Drain(journal, sink(impatient)).finish()
    assert (count(database), journal.acknowledged) == (7, 7)


@pytest.mark.parametrize("text", ["\x00", "\ud83d\ude00", "'; DROP TABLE authentications; --", "\x1b[2J", "\u202e"])
def test_hostile_text_is_kept_as_it_is(database: Database, sample: Sample, text: str) -> None:
    text = text.encode("utf-16", "surrogatepass").decode("utf-16")
    raw = msgspec.json.encode(sample("accepted", user_name=text, client=text, detail=text))
    Drain(Journal(raw, accounting(user_name=text, session_id=text)), sink(database)).step(timeout_ms=0)
    with database.read() as session:
        assert msgspec.json.decode(session.scalar(select(Authentication.event)) or "")["user_name"] == text
        assert msgspec.json.decode(session.scalar(select(Accounting.event)) or "")["session_id"] == text


def test_what_a_policy_lays_out_completes_the_replies(database: Database, sample: Sample) -> None:
    laid_out = AuthorizationEvent(digest="ab" * 16, attributes=[("NAS-Filter-Rule", "deny in ip from any to any")])
    accepted = sample("accepted", id="1" * 32)
    assert accepted.reply is not None
    reply = msgspec.structs.replace(accepted.reply, attributes=[("Class", "1" * 32)], authorization="ab" * 16)
    referring = msgspec.structs.replace(accepted, reply=reply)
    drain = Drain(Journal(msgspec.json.encode(laid_out), msgspec.json.encode(referring)), sink(database))
    drain.step(timeout_ms=0)
    assert drain.counters().stored == 1
    with database.read() as session:
        event = by_id(session, "1" * 32).event
    assert event.reply is not None
    assert event.reply.attributes == [("Class", "1" * 32), ("NAS-Filter-Rule", "deny in ip from any to any")]
