"""From the data plane's queue into the database: `Drain.run`, on a thread of its own.

The data plane never waits for this: what is not fetched in time it drops and counts by itself. What was fetched stays
here, bounded, while the database cannot be written; the oldest goes first when the bound is reached, and is counted.
What a policy lays out is told once and referred to by many, so it is kept until it is stored.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

import msgspec
import structlog

from nac.errors import StorageError
from nac.events.store import ReceivedEvent
from nac.events.types import AuthorizationEvent, DiscardEvent, decode_header

WAIT_MS: Final = 250
"""How long one wait for events lasts: the time that ending the thread may take."""

GATHER_MS: Final = 100
"""How long to gather events after the first: a transaction costs more than the events in it."""

BATCH: Final = 2048
"""Events in one transaction."""

PENDING_OCTETS: Final = 64 * 1024 * 1024
"""What may wait in memory for the database: some thirty thousand events."""

FIRST_RETRY_S: Final = 0.5
LONGEST_RETRY_S: Final = 15.0


class EventSource(Protocol):
    """Where events come from: `nac._dataplane.DataPlane`."""

    def wait_events(self, *, timeout_ms: int, gather_ms: int = 0, max_events: int = 4096) -> list[bytes]: ...


class EventSink(Protocol):
    """Where events go: `nac.events.store.EventStore`. Raises `StorageError`, and may then be tried again."""

    def insert(self, batch: Sequence[ReceivedEvent]) -> None: ...


@dataclass(frozen=True)
class DrainCounters:
    """Since the start. `dropped`: fetched, but not storable for too long. `undecodable`: the planes disagree."""

    stored: int = 0
    pending: int = 0
    dropped: int = 0
    undecodable: int = 0
    failures: int = 0


class Drain:
    """Fetches events and stores them. `clock` is monotonic, in seconds; `pending_octets` bounds what waits."""

    def __init__(
        self,
        source: EventSource,
        sink: EventSink,
        *,
        clock: Callable[[], float] = time.monotonic,
        pending_octets: int = PENDING_OCTETS,
    ) -> None:
        self._source = source
        self._sink = sink
        self._clock = clock
        self._bound = pending_octets
        self._pending: deque[ReceivedEvent] = deque()
        self._octets = 0
        self._authorizations: dict[str, ReceivedEvent] = {}
        self._retry_at = 0.0
        self._delay = 0.0
        self._counters = DrainCounters()
        self._log = structlog.get_logger("nac.events")

    def run(self, stop: threading.Event) -> None:
        """Drain until `stop` is set; then fetch what is left and try once more to store all of it."""
        while not stop.is_set():
            try:
                self.step(timeout_ms=WAIT_MS)
            except Exception:  # noqa: BLE001 - a defect here must not end the only thread that keeps records
                self._log.exception("events.step_failed")
                self._count(failures=1)
                stop.wait(FIRST_RETRY_S)
        self.finish()

    def step(self, *, timeout_ms: int) -> None:
        """Wait for events once, and store what is pending unless a failure was just now."""
        self._fetch(timeout_ms)
        while self._pending and self._clock() >= self._retry_at:
            self._store_batch()

    def finish(self) -> None:
        """Fetch the rest and store it; what the database refuses now is counted as dropped."""
        while self._fetch(timeout_ms=0):
            pass
        self._retry_at = 0.0
        while self._pending and not self._retry_at:
            self._store_batch()
        if self._pending:
            self._count(dropped=len(self._pending))
            self._log.error("events.lost_at_exit", events=len(self._pending))
            self._pending.clear()

    def counters(self) -> DrainCounters:
        """What was done so far; may be called from any thread."""
        return replace(self._counters, pending=len(self._pending))

    def _fetch(self, timeout_ms: int) -> int:
        raws = self._source.wait_events(timeout_ms=timeout_ms, gather_ms=min(GATHER_MS, timeout_ms))
        for raw in raws:
            self._accept(raw)
        self._drop_oldest()
        return len(raws)

    def _accept(self, raw: bytes) -> None:
        try:
            event = decode_header(raw)
        except msgspec.MsgspecError as error:
            self._count(undecodable=1)
            self._log.error("events.undecodable", error=str(error))
            return
        if isinstance(event, DiscardEvent):
            self._log.warning(
                "discard",
                reason=event.reason,
                client=event.client,
                source=event.source,
                count=event.count,
                detail=event.detail,
            )
        if isinstance(event, AuthorizationEvent):
            self._authorizations[event.digest] = ReceivedEvent(raw, event)
            return
        self._pending.append(ReceivedEvent(raw, event))
        self._octets += len(raw)

    def _drop_oldest(self) -> None:
        dropped = 0
        while self._octets > self._bound:
            self._forget(1)
            dropped += 1
        if dropped:
            self._count(dropped=dropped)
            self._log.error("events.dropped", events=dropped, total=self._counters.dropped)

    def _store_batch(self) -> None:
        batch = [self._pending[index] for index in range(min(BATCH, len(self._pending)))]
        try:
            self._sink.insert([*self._authorizations.values(), *batch])
        except StorageError as error:
            self._delay = min(max(self._delay * 2, FIRST_RETRY_S), LONGEST_RETRY_S)
            self._retry_at = self._clock() + self._delay
            self._count(failures=1)
            self._log.error(
                "events.storage_failed",
                error=error.message,
                fix=error.fix,
                pending=len(self._pending),
                retry_s=self._delay,
            )
            return
        except Exception:  # noqa: BLE001 - no single event may end the thread that stores all others
            self._log.exception("events.batch_not_storable", events=len(batch))
            self._forget(len(batch))
            self._authorizations.clear()
            self._count(dropped=len(batch))
            return
        self._forget(len(batch))
        self._authorizations.clear()
        if self._delay:
            self._log.info("events.storage_recovered", pending=len(self._pending))
        self._delay = self._retry_at = 0.0
        self._count(stored=len(batch))

    def _forget(self, events: int) -> None:
        for _ in range(events):
            self._octets -= len(self._pending.popleft().raw)

    def _count(self, *, stored: int = 0, dropped: int = 0, undecodable: int = 0, failures: int = 0) -> None:
        was = self._counters
        self._counters = DrainCounters(
            stored=was.stored + stored,
            dropped=was.dropped + dropped,
            undecodable=was.undecodable + undecodable,
            failures=was.failures + failures,
        )
