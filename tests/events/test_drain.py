"""The drain: nothing lost, nothing twice, bounded while the database is away, and never ended by one event."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

import msgspec
import pytest
from sqlalchemy import func, select

from nac.db import Database
from nac.db.schema import Authentication, Discard
from nac.errors import StorageError
from nac.events.drain import BATCH, Drain
from nac.events.query import by_id
from nac.events.store import EventStore, ReceivedEvent
from nac.events.types import AuthenticationEvent, AuthorizationEvent, DiscardEvent

Sample = Callable[..., AuthenticationEvent]


class Queue:
    """Events as the data plane gives them: in order, a bounded number at once, none when there is none."""

    def __init__(self, *events: bytes) -> None:
        self.events = list(events)

    def wait_events(self, *, timeout_ms: int, gather_ms: int = 0, max_events: int = 4096) -> list[bytes]:
        given, self.events = self.events[:max_events], self.events[max_events:]
        return given


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def encoded(sample: Sample, count: int, start: int = 0) -> list[bytes]:
    return [
        msgspec.json.encode(sample("accepted", id=f"{number:032x}", sequence=number))
        for number in range(start, start + count)
    ]


def count(database: Database, table: type = Authentication) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_events_and_discards_are_stored_once(database: Database, sample: Sample) -> None:
    discard = DiscardEvent(
        sequence=9,
        at=5,
        reason="unknown_client",
        detail="no client has this address",
        client=None,
        source="9.9.9.9",
        count=3,
    )
    raws = [*encoded(sample, 3), msgspec.json.encode(discard)]
    for _ in range(3):
        drain = Drain(Queue(*raws), EventStore(database))
        drain.step(timeout_ms=0)
        assert drain.counters().stored == 4
    assert (count(database), count(database, Discard)) == (3, 1)


def test_more_than_one_batch(database: Database, sample: Sample) -> None:
    drain = Drain(Queue(*encoded(sample, BATCH + 10)), EventStore(database))
    drain.step(timeout_ms=0)
    assert count(database) == BATCH + 10
    assert drain.counters().pending == 0


def test_what_cannot_be_decoded_is_counted_and_skipped(database: Database, sample: Sample) -> None:
    good = encoded(sample, 1)
    no_fields = b'{"type":"authentication"}'
    drain = Drain(Queue(b"", b"{}", b"\xff", no_fields, *good), EventStore(database))
    drain.step(timeout_ms=0)
    assert count(database) == 1
    assert drain.counters().undecodable == 4


def test_a_locked_database_is_retried_with_growing_pauses(url: str, database: Database, sample: Sample) -> None:
    impatient, clock = Database.open(url, busy_timeout_ms=1), Clock()
    drain = Drain(Queue(*encoded(sample, 5)), EventStore(impatient), clock=clock)
    with database.write():
        for pause in (0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 15.0):
            drain.step(timeout_ms=0)
            failures = drain.counters().failures
            clock.now += pause * 0.99
            drain.step(timeout_ms=0)
            assert drain.counters().failures == failures, "not tried again before the pause is over"
            clock.now += pause * 0.02
    drain.step(timeout_ms=0)
    assert count(database) == 5
    assert drain.counters().dropped == 0
    assert drain.counters().pending == 0


def test_memory_is_bounded_while_the_database_is_away_and_the_oldest_goes(
    url: str, database: Database, sample: Sample
) -> None:
    impatient, clock = Database.open(url, busy_timeout_ms=1), Clock()
    raws = encoded(sample, 100)
    drain = Drain(Queue(*raws), EventStore(impatient), clock=clock, pending_octets=sum(map(len, raws[-10:])))
    with database.write():
        drain.step(timeout_ms=0)
        assert (drain.counters().dropped, drain.counters().pending) == (90, 10)
    clock.now += 60
    drain.step(timeout_ms=0)
    with database.read() as session:
        kept = session.scalars(select(Authentication.id).order_by(Authentication.id)).all()
    assert kept == [f"{number:032x}" for number in range(90, 100)]


class Refusing:
    """A sink that fails in a way nobody foresaw, once."""

    def __init__(self, sink: EventStore, error: Exception) -> None:
        self.sink = sink
        self.errors = [error]

    def insert(self, batch: Sequence[ReceivedEvent]) -> None:
        if self.errors:
            raise self.errors.pop()
        self.sink.insert(batch)


def test_an_unforeseen_fault_costs_its_batch_and_no_more(database: Database, sample: Sample) -> None:
    queue = Queue(*encoded(sample, 3))
    drain = Drain(queue, Refusing(EventStore(database), RuntimeError("unforeseen")))
    drain.step(timeout_ms=0)
    assert (drain.counters().dropped, drain.counters().pending) == (3, 0)
    queue.events = encoded(sample, 2, start=10)
    drain.step(timeout_ms=0)
    assert count(database) == 2


def test_a_number_beyond_64_bits_does_not_end_the_drain(database: Database, sample: Sample) -> None:
    queue = Queue(msgspec.json.encode(sample("accepted", at=2**63)))
    drain = Drain(queue, EventStore(database))
    drain.step(timeout_ms=0)
    queue.events = encoded(sample, 1)
    drain.step(timeout_ms=0)
    assert count(database) == 1


def test_the_end_fetches_and_stores_what_is_left(database: Database, sample: Sample) -> None:
    stop = threading.Event()
    stop.set()
    drain = Drain(Queue(*encoded(sample, 5000)), EventStore(database))
    drain.run(stop)
    assert count(database) == 5000


def test_the_end_counts_what_the_database_refuses(database: Database, sample: Sample) -> None:
    drain = Drain(Queue(*encoded(sample, 7)), Refusing(EventStore(database), StorageError("disk full")))
    drain.finish()
    assert drain.counters().dropped == 7
    assert drain.counters().pending == 0


def test_it_runs_on_a_thread_until_told_to_stop(database: Database, sample: Sample) -> None:
    stored, stop = threading.Event(), threading.Event()

    class Telling(Refusing):
        def insert(self, batch: Sequence[ReceivedEvent]) -> None:
            self.sink.insert(batch)
            stored.set()

    drain = Drain(Queue(*encoded(sample, 4)), Telling(EventStore(database), RuntimeError()))
    thread = threading.Thread(target=drain.run, args=(stop,))
    thread.start()
    assert stored.wait(30)
    stop.set()
    thread.join(30)
    assert not thread.is_alive()
    assert count(database) == 4


@pytest.mark.parametrize("text", ["\x00", "\ud83d\ude00", "'; DROP TABLE authentications; --", "\x1b[2J", "\u202e"])
def test_hostile_text_is_kept_as_it_is(database: Database, sample: Sample, text: str) -> None:
    text = text.encode("utf-16", "surrogatepass").decode("utf-16")
    raw = msgspec.json.encode(sample("accepted", user_name=text, client=text, detail=text))
    Drain(Queue(raw), EventStore(database)).step(timeout_ms=0)
    with database.read() as session:
        assert msgspec.json.decode(session.scalar(select(Authentication.event)) or "")["user_name"] == text


def test_what_a_policy_lays_out_is_kept_until_it_is_stored_and_completes_the_replies(
    url: str, database: Database, sample: Sample
) -> None:
    laid_out = AuthorizationEvent(digest="ab" * 16, attributes=[("NAS-Filter-Rule", "deny in ip from any to any")])
    accepted = sample("accepted", id="1" * 32)
    assert accepted.reply is not None
    reply = msgspec.structs.replace(accepted.reply, attributes=[("Class", "1" * 32)], authorization="ab" * 16)
    referring = msgspec.structs.replace(accepted, reply=reply)
    impatient, clock = Database.open(url, busy_timeout_ms=1), Clock()
    queue = Queue(msgspec.json.encode(laid_out), *encoded(sample, 100), msgspec.json.encode(referring))
    drain = Drain(queue, EventStore(impatient), clock=clock, pending_octets=len(msgspec.json.encode(referring)))
    with database.write():
        drain.step(timeout_ms=0)
        assert drain.counters().dropped == 100
    clock.now += 60
    drain.step(timeout_ms=0)
    with database.read() as session:
        event = by_id(session, "1" * 32).event
    assert event.reply is not None
    assert event.reply.attributes == [("Class", "1" * 32), ("NAS-Filter-Rule", "deny in ip from any to any")]
