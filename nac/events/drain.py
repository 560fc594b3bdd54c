"""From the journal into the database: `Drain.run`, on a thread of its own.

The data plane never waits for this. What was stored is acknowledged, and only then may the journal let go of it;
whatever ends this process, the rest is read again, and what is stored twice is one row.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

import structlog

from nac.errors import StorageError, UnstorableError
from nac.events.pace import Pace
from nac.events.reader import Batch, EventSource, Reader
from nac.events.store import ReceivedEvent
from nac.events.types import AdminEvent, AuthorizationEvent, DiscardEvent, SessionHeader
from nac.guard import Guard

WAIT_MS: Final = 250
"""How long one wait for records lasts: the time that ending the thread may take."""

FIRST_RETRY_S: Final = 0.5
LONGEST_RETRY_S: Final = 15.0

FINISH_S: Final = 10.0
"""How long the end may take: what is not stored by then stays in the journal for the next start."""


class EventSink(Protocol):
    """Where events go: `nac.events.store.EventStore`. Raises `StorageError`, and may then be tried again, or
    `UnstorableError`, and what it is about will never be stored."""

    def insert(self, batch: Sequence[ReceivedEvent]) -> None: ...


@dataclass(frozen=True)
class DrainCounters:
    """Since the start. `stored`: what happened, repetitions included. `dropped`: not storable whatever is tried.
    `undecodable`: the planes disagree. `failures`: tries that the database refused. `committed_at`: Unix seconds, None
    before anything was stored; `error`: why the database takes nothing, None while it does."""

    stored: int = 0
    dropped: int = 0
    undecodable: int = 0
    failures: int = 0
    committed_at: int | None = None
    error: str | None = None


class Drain:
    """Reads records and stores them. `clock` is monotonic, in seconds."""

    def __init__(
        self,
        source: EventSource,
        sink: EventSink,
        *,
        clock: Callable[[], float] = time.monotonic,
        pace: Pace | None = None,
    ) -> None:
        self._source = source
        self._sink = sink
        self._clock = clock
        self._pace = pace or Pace(clock)
        self._reader = Reader(source)
        self._batch: Batch | None = None
        self._pause = 0.0
        self._retry_at = 0.0
        self._delay = 0.0
        self._counters = DrainCounters()
        self._log = structlog.get_logger("nac.events")
        self._guarded = Guard(self._log, prefix="events.")

    def run(self, stop: threading.Event) -> None:
        """Drain until `stop` is set; then store what is left."""
        while not stop.is_set():
            if self._guarded("step", lambda: self.step(timeout_ms=WAIT_MS)):
                pause = max(self._retry_at - self._clock(), self._pause)
            else:
                self._count(failures=1)
                pause = FIRST_RETRY_S
            if pause > 0:
                stop.wait(pause)
        self.finish()

    def step(self, *, timeout_ms: int) -> int:
        """Store one batch, unless a failure was just now; how many records there were."""
        self._pause = 0.0
        if self._clock() < self._retry_at:
            return 0
        if self._batch is None:
            self._batch = self._take(timeout_ms)
        batch = self._batch
        if batch.behind:
            self._reader.read_ahead(most=self._pace.most)
        self._pace.begin()
        if self._store(batch.events):
            self._batch = None
            if batch.events:
                self._counters = replace(self._counters, committed_at=int(time.time()), error=None)
            if batch.records:
                self._source.acknowledge(batch.last)
                self._pause = self._pace.end(behind=batch.behind, urgent=self._is_urgent())
        return batch.records

    def finish(self) -> None:
        """Store what is left, for `FINISH_S` at most; what is not stored stays in the journal for the next start."""
        self._retry_at = 0.0
        deadline = self._clock() + FINISH_S
        while self._clock() < deadline and self.step(timeout_ms=0) and not self._retry_at:
            pass
        self._reader.close()

    def counters(self) -> DrainCounters:
        """What was done so far; may be called from any thread."""
        return self._counters

    def _take(self, timeout_ms: int) -> Batch:
        batch = self._reader.take(most=self._pace.most, timeout_ms=timeout_ms)
        self._count(undecodable=batch.undecodable)
        for received in batch.events:
            if isinstance(received.event, DiscardEvent):
                self._warn(received.event)
        return batch

    def _warn(self, event: DiscardEvent) -> None:
        self._log.warning(
            "discard",
            reason=event.reason,
            client=event.client,
            source=event.source,
            count=event.count,
            detail=event.detail,
        )

    def _is_urgent(self) -> bool:
        """The journal is filling up."""
        return self._source.journal_state().alarm is not None

    def _store(self, events: Sequence[ReceivedEvent]) -> bool:
        """False when the database refuses all of it for now."""
        if not events:
            return True
        try:
            self._sink.insert(events)
            self._count(stored=_happened(events))
        except UnstorableError as error:
            self._log.error("events.batch_not_storable", error=error.message, events=len(events))
            return self._store_singly(events)
        except StorageError as error:
            self._postpone(error)
            return False
        except Exception:  # noqa: BLE001 - no single event may keep all others from being stored
            self._log.exception("events.batch_not_storable", events=len(events))
            return self._store_singly(events)
        if self._delay:
            self._log.info("events.storage_recovered")
        self._delay = self._retry_at = 0.0
        return True

    def _store_singly(self, events: Sequence[ReceivedEvent]) -> bool:
        for received in events:
            try:
                self._sink.insert([received])
                self._count(stored=_happened([received]))
            except UnstorableError as error:
                self._log.error("events.not_storable", sequence=received.sequence, error=error.message)
                self._count(dropped=1)
            except StorageError as error:
                self._postpone(error)
                return False
            except Exception:  # noqa: BLE001 - see above
                self._log.exception("events.not_storable", sequence=received.sequence)
                self._count(dropped=1)
        return True

    def _postpone(self, error: StorageError) -> None:
        self._delay = min(max(self._delay * 2, FIRST_RETRY_S), LONGEST_RETRY_S)
        self._retry_at = self._clock() + self._delay
        self._count(failures=1)
        self._counters = replace(self._counters, error=error.message)
        self._log.error("events.storage_failed", error=error.message, fix=error.fix, retry_s=self._delay)

    def _count(self, *, stored: int = 0, dropped: int = 0, undecodable: int = 0, failures: int = 0) -> None:
        was = self._counters
        self._counters = replace(
            was,
            stored=was.stored + stored,
            dropped=was.dropped + dropped,
            undecodable=was.undecodable + undecodable,
            failures=was.failures + failures,
        )


def _happened(batch: Sequence[ReceivedEvent]) -> int:
    """What a policy lays out, what becomes of sessions and what administrators did is told beside what happened on the
    network, and no event of its own to anybody who counts them."""
    beside = (AuthorizationEvent, SessionHeader, AdminEvent)
    return sum(not isinstance(received.event, beside) for received in batch)
