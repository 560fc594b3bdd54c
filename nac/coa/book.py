"""The book of open changes: by session, by id, by the switch that they are for. Each step is told to the journal."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import NamedTuple, Protocol

import msgspec

from nac.coa.exchange import Target
from nac.coa.job import FINAL, Happened, Job, State, advance, event
from nac.coa.moment import Moment
from nac.events.types import AdminEvent, CoaEvent


class Sessions(Protocol):
    """The live sessions: `nac._dataplane.DataPlane`."""

    def session(self, id: str) -> bytes | None: ...  # noqa: A002 - the boundary's word
    def generation(self) -> int: ...
    def follow_session(self, session: str) -> None: ...
    def unfollow_session(self, session: str) -> None: ...
    def session_applied(self, session: str, authorization: str) -> bool: ...
    def end_session(self, session: str, cause: str) -> bool: ...
    def record_event(self, event: bytes) -> None: ...


class Sign(NamedTuple):
    """What may show that a change took effect: a word for it, and Unix microseconds."""

    word: str
    at: int


class Book:
    """At most one open job for each session."""

    def __init__(self, sessions: Sessions) -> None:
        self._live = sessions
        self._open: dict[str, Job] = {}
        self._sessions: dict[str, str] = {}
        self._targets: dict[str, Target] = {}
        self._at_target: defaultdict[Target, set[str]] = defaultdict(set)
        self._signs: dict[str, Sign] = {}
        self._counts: Counter[State] = Counter()

    # --- looking ---

    def of(self, session: str) -> Job | None:
        """The open job of a session."""
        return self._open.get(session)

    def job(self, job_id: str) -> Job | None:
        """The open job of this id."""
        return self._open.get(self._sessions.get(job_id, ""))

    def in_state(self, state: State) -> list[Job]:
        """All of them in this state."""
        return [job for job in self._open.values() if job.state is state]

    def at(self, target: Target) -> list[Job]:
        """Those for one switch."""
        return [self._open[one] for one in self._at_target.get(target, ())]

    def target(self, session: str) -> Target | None:
        """Which switch the job of a session is for, once that is known."""
        return self._targets.get(session)

    def counts(self) -> dict[str, int]:
        """How many are in each state. On any thread."""
        return {state.value: self._counts[state] for state in State if state not in FINAL}

    # --- writing ---

    def add(self, job: Job, now: Moment) -> Job:
        """A new job."""
        self._sessions[job.id] = job.session.session
        self._counts[job.state] += 1
        self._live.follow_session(job.session.session)
        self._record(job, now)
        return self.keep(job)

    def keep(self, job: Job) -> Job:
        """The job as it is now, in the same state."""
        self._open[job.session.session] = job
        return job

    def move(self, job: Job, happened: Happened, now: Moment, *, by: str | None = None, detail: str = "") -> Job:
        """The job in its next state (`nac.coa.job.advance`); one that is over is forgotten."""
        self._counts[job.state] -= 1
        job = advance(job, happened, now.unix_us, by=by, detail=detail)
        self._counts[job.state] += 1
        self.keep(job)
        self._record(job, now)
        if not job.is_open:
            self.forget(job)
        return job

    def forget(self, job: Job) -> None:
        """Nothing more is awaited of it."""
        self._counts[job.state] -= 1
        self._open.pop(job.session.session, None)
        self._sessions.pop(job.id, None)
        self._signs.pop(job.id, None)
        self._unaim(job.session.session)
        self._live.unfollow_session(job.session.session)

    def aim(self, job: Job, target: Target) -> None:
        """It is for this switch."""
        session = job.session.session
        if self._targets.get(session) != target:
            self._unaim(session)
            self._targets[session] = target
            self._at_target[target].add(session)

    def note_sign(self, job: Job, sign: Sign) -> None:
        """What was seen before the ACK that it needs."""
        self._signs[job.id] = sign

    def take_sign(self, job: Job) -> Sign | None:
        """What was noted, once."""
        return self._signs.pop(job.id, None)

    # --- the journal ---

    def act(self, actor: str, action: str, subject: str, detail: str, now: Moment) -> None:
        """What an administrator does."""
        generation = self._live.generation()
        self.tell(AdminEvent(now.unix_us, generation, actor, action, subject, detail, audit=None))

    def tell(self, said: CoaEvent | AdminEvent) -> None:
        """Into the journal."""
        self._live.record_event(msgspec.json.encode(said))

    def _record(self, job: Job, now: Moment) -> None:
        self.tell(event(job, now.unix_us, self._live.generation()))

    def _unaim(self, session: str) -> None:
        target = self._targets.pop(session, None)
        if target is not None:
            self._at_target[target].discard(session)
            if not self._at_target[target]:
                del self._at_target[target]
