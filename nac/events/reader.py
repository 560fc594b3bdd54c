"""From the journal, decoded: `Reader.take` gives the next batch, and has the one after it read meanwhile.

While the journal itself cannot be written, events that did not reach it are fetched from the data plane's queue
instead.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final, Literal, Protocol

import msgspec
import structlog

from nac.events.store import ReceivedEvent
from nac.events.types import decode_header
from nac.scheduling import let_others_go_first

BEHIND: Final = 1024
"""Records that wait when a batch was read: from then on it is a backlog, and not what came meanwhile."""


class JournalHealth(Protocol):
    """What `nac._dataplane.JournalState` says of writing."""

    @property
    def last(self) -> int: ...
    @property
    def alarm(self) -> Literal["failing", "full", "filling"] | None: ...


class EventSource(Protocol):
    """Where events come from: `nac._dataplane.DataPlane`."""

    def read_journal(self, *, after: int, most: int, timeout_ms: int) -> list[tuple[int, bytes]]: ...
    def acknowledge(self, sequence: int) -> None: ...
    def journal_state(self) -> JournalHealth: ...
    def wait_events(self, *, timeout_ms: int, gather_ms: int = 0, max_events: int = 4096) -> list[bytes]: ...


@dataclass(frozen=True)
class Batch:
    """What was read at once. `last`: sequence up to which nothing is left once `events` are stored. `undecodable`:
    records in which the planes disagree; they are in the log. `behind`: another `BEHIND` records wait at least."""

    events: list[ReceivedEvent]
    last: int
    undecodable: int = 0
    behind: bool = False

    @property
    def records(self) -> int:
        """How many there were."""
        return len(self.events) + self.undecodable


class Reader:
    """Reads a journal from its first record that is kept. Used by one thread."""

    def __init__(self, source: EventSource) -> None:
        self._source = source
        self._after = 0
        self._ahead: Future[Batch] | None = None
        self._thread: ThreadPoolExecutor | None = None
        self._log = structlog.get_logger("nac.events")

    def take(self, *, most: int, timeout_ms: int) -> Batch:
        """The next batch, empty when there is none within `timeout_ms`. Raises `JournalError`, and may go on."""
        ahead, self._ahead = self._ahead, None
        batch = ahead.result() if ahead else self._read(self._after, most, timeout_ms)
        self._after = batch.last
        return batch

    def read_ahead(self, *, most: int) -> None:
        """Read what the next `take` gives on a thread of its own: the interpreter's lock is free while a record becomes
        JSON, and while the database works."""
        if self._ahead is not None:
            return
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, "nac-drain-read", let_others_go_first)
        self._ahead = self._thread.submit(self._read, self._after, most, 0)

    def close(self) -> None:
        """End the thread. What was read ahead is read again by whoever takes next."""
        self._ahead = None
        if self._thread is not None:
            self._thread.shutdown()
            self._thread = None

    def _read(self, after: int, most: int, timeout_ms: int) -> Batch:
        records = self._source.read_journal(after=after, most=most, timeout_ms=timeout_ms)
        last, state = records[-1][0] if records else after, self._source.journal_state()
        behind = bool(records) and state.last - last >= BEHIND
        if not behind and state.alarm in ("failing", "full"):
            records += [(0, raw) for raw in self._source.wait_events(timeout_ms=0, max_events=most)]
        events = [event for sequence, raw in records if (event := self._decoded(sequence, raw))]
        return Batch(events, last, len(records) - len(events), behind)

    def _decoded(self, sequence: int, raw: bytes) -> ReceivedEvent | None:
        try:
            return ReceivedEvent(raw, decode_header(raw), sequence)
        except msgspec.MsgspecError as error:
            self._log.error("events.undecodable", sequence=sequence, error=str(error))
            return None
