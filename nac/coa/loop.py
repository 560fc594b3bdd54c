"""Changes of authorization as a part of a running server: one thread waits for what the data plane tells, one sends
requests, takes answers and moves the jobs. What becomes of each is told to the journal, which the drain stores.
"""

from __future__ import annotations

import contextlib
import queue
import random
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Protocol, TypeVar

import structlog

from nac.coa.book import Sessions
from nac.coa.client import CoaClient
from nac.coa.exchange import Exchange, Pace, Retransmission
from nac.coa.job import Job
from nac.coa.jobs import Jobs, Surroundings
from nac.coa.learnt import Learnt
from nac.coa.line import Line
from nac.coa.moment import Moment
from nac.coa.recipe import Verb
from nac.coa.session import Note, decode_note
from nac.config.address import SourceAddress
from nac.enforcement.dictionary import shipped_dictionary
from nac.errors import ControlError, NacError
from nac.events.types import CoaEvent
from nac.guard import Guard
from nac.scheduling import let_me_interrupt

WAIT_MS: Final = 250
"""How long one wait for notes lasts: the time that ending the thread may take."""

NOTES: Final = 1024
"""Notes fetched at once."""

LONGEST_WAIT_S: Final = 1.0

REST_S: Final = 0.1
"""After a step that failed."""

ORDER_S: Final = 10.0
"""How long an administrator's order may wait for the thread that carries it out."""

JITTER: Final = 0.1
"""RAND of RFC 5080 2.2.1."""

_T = TypeVar("_T")


class Source(Sessions, Protocol):
    """The data plane."""

    def wait_sessions(self, *, timeout_ms: int, most: int) -> list[bytes]: ...


@dataclass(frozen=True)
class CoaSettings:
    """`patience_s`: how long a switch is asked before it counts as silent. `confirm_s`: how long an effect may take.
    `source`: where requests come from."""

    pace: Pace
    patience_s: float
    confirm_s: float
    source: Sequence[SourceAddress] = ()


@dataclass(frozen=True)
class Known:
    """What the database knows: clients by name, what they took and refused, and the jobs that were open."""

    clients: Mapping[str, CoaClient]
    learnt: Learnt
    restored: Sequence[CoaEvent]


class CoaLoop:
    """Runs from its construction until `close`. Raises `ConflictError` when requests cannot come from there."""

    def __init__(self, source: Source, settings: CoaSettings, known: Known) -> None:
        self._source = source
        self._log = structlog.get_logger("nac.coa")
        self._guard = Guard(self._log, prefix="coa.")
        self._stop = threading.Event()
        self._inbox: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._failures = 0
        jitter = random.SystemRandom()
        self._exchange = Exchange(
            settings.pace, Retransmission(mrd=settings.patience_s), lambda: jitter.uniform(-JITTER, JITTER)
        )
        around = Surroundings(
            self._exchange, source, shipped_dictionary(), known.learnt, settings.confirm_s, self._failed
        )
        self._jobs = Jobs(around, known.clients, restored=known.restored, now=Moment.now())
        self._line = Line(settings.source)
        self._threads = [
            threading.Thread(target=self._listen, name="nac-coa-notes"),
            threading.Thread(target=self._work, name="nac-coa"),
        ]
        for thread in self._threads:
            thread.start()

    def replace_clients(self, clients: Mapping[str, CoaClient]) -> None:
        """Take over changed clients soon; on any thread."""
        self._put(lambda: self._jobs.replace_clients(clients, Moment.now()))

    def order(self, session: str, verb: Verb, actor: str) -> str:
        """Do something to a session now; the id of the job. On any thread. Raises `NotFoundError`, `ConflictError` or
        `ControlError`."""
        return self._ask(lambda: self._jobs.order(session, verb, actor, Moment.now()).id)

    def status(self) -> dict[str, Any]:
        """Open jobs by state, silent switches; failures, and datagrams that answered nothing, since the start. On any
        thread."""
        return {**self._jobs.counts(), "failures": self._failures, "dropped": dict(self._exchange.dropped)}

    def close(self) -> None:
        """End both threads. What is under way goes on at the next start."""
        self._stop.set()
        self._line.ring()
        for thread in self._threads:
            thread.join()
        self._line.close()

    # --- threads ---

    def _listen(self) -> None:
        let_me_interrupt()
        while not self._stop.is_set():
            self._guarded("listen", self._hear)

    def _work(self) -> None:
        let_me_interrupt()
        while not self._stop.is_set():
            self._guarded("step", self._step)

    def _hear(self) -> None:
        notes = [decode_note(raw) for raw in self._source.wait_sessions(timeout_ms=WAIT_MS, most=NOTES)]
        if notes:
            self._put(lambda: self._take(notes))

    def _step(self) -> None:
        for octets, source in self._line.wait(self._pause()):
            now = Moment.now()
            answered = self._exchange.receive(octets, source, now.monotonic, unix=now.unix)
            if answered is not None:
                self._jobs.answered(*answered, now)
        with contextlib.suppress(queue.Empty):
            while True:
                self._inbox.get_nowait()()
        now = Moment.now()
        self._jobs.tick(now)
        progress = self._exchange.poll(now.monotonic)
        self._line.send(progress.datagrams)
        for ticket in progress.sent:
            self._jobs.sent(ticket, now)
        for ticket in progress.silent:
            self._jobs.silent(ticket, now)

    def _pause(self) -> float:
        times = [time for time in (self._exchange.next_at(), self._jobs.next_at()) if time is not None]
        return min(LONGEST_WAIT_S, *(time - Moment.now().monotonic for time in times)) if times else LONGEST_WAIT_S

    def _take(self, notes: Sequence[Note]) -> None:
        now = Moment.now()
        for note in notes:
            self._guarded("note", partial(self._jobs.take, note, now))

    # --- from other threads ---

    def _put(self, work: Callable[[], None]) -> None:
        self._inbox.put(work)
        self._line.ring()

    def _ask(self, work: Callable[[], _T]) -> _T:
        answers: queue.SimpleQueue[_T | NacError] = queue.SimpleQueue()

        def answer() -> None:
            try:
                answers.put(work())
            except NacError as error:
                answers.put(error)

        self._put(answer)
        try:
            found = answers.get(timeout=ORDER_S)
        except queue.Empty:
            raise ControlError(
                "the server is busy with changes", fix="try again; `nac status` shows how many"
            ) from None
        if isinstance(found, NacError):
            raise found
        return found

    # --- what is told ---

    def _failed(self, job: Job) -> None:
        self._failures += 1
        self._log.error(
            "coa.failed",
            session=job.session.session,
            client=job.session.client,
            mac=job.session.mac,
            wanted=job.wanted.in_words if job.wanted else None,
            detail=job.detail,
            fix="`nac session jobs` shows what was tried; docs/sessions.md says what to do",
        )

    def _guarded(self, name: str, step: Callable[[], object]) -> None:
        """A defect in one step must end neither thread, nor keep it busy."""
        if not self._guard(name, step):
            self._stop.wait(REST_S)
