"""The changes under way, at most one for each session: what the data plane tells becomes jobs, jobs become requests,
and what comes of them moves the jobs (`nac.coa.job`). No socket, thread or clock: `now` is an argument everywhere.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from nac import _dataplane
from nac.coa.book import Book, Sessions, Sign
from nac.coa.client import CoaClient
from nac.coa.error_cause import error_cause, in_words
from nac.coa.exchange import Exchange, Target
from nac.coa.job import (
    Happened,
    Job,
    State,
    TryAnswer,
    new_job,
    resumed,
    tried,
    withdrawn,
    without_current,
)
from nac.coa.learnt import Learnt, Lesson
from nac.coa.message import Answer
from nac.coa.moment import Moment
from nac.coa.recipe import Verb
from nac.coa.request import UnnameableError, message, plan
from nac.coa.session import Differs, Note, Seen, Settled, decode_session
from nac.coa.silence import Silence
from nac.enforcement.layout import Encoder
from nac.errors import ConflictError, NotFoundError
from nac.events.types import CoaEvent, Session

NOT_KNOWN: Final = "not-known-by-nas"
"""The cause with which a session ends that its switch does not know (Error-Cause 503)."""

BOUNCE_S: Final = 15.0
"""A bounced port is down for 10 to 12 seconds before anything can be seen of it."""

ORDER_SLACK_US: Final = 1_000_000
"""By how much a sign of an effect may seem to be older than the ACK: some switches account first and answer then, and
this process reads an answer later than the data plane reads a packet."""

PARKED_S: Final = 60.0
"""How long after a restart the jobs from before wait to be decided again."""

_NO_LONGER_WANTED: Final = frozenset({"facts", "policy", "time", "stale"})
_COMMANDS: Final = {Verb.REAUTHENTICATE: "reauth"}
"""Verbs whose command has another name."""

_APPLIED: Final = "applied"
_LOGIN: Final = "authentication"
_LIVES: Final = frozenset({"start", "interim"})


@dataclass(frozen=True)
class Surroundings:
    """What jobs need of the rest. `failed` is called with each job that failed. `confirm_s`: how long an effect may
    take after an ACK."""

    exchange: Exchange
    sessions: Sessions
    encoder: Encoder
    learnt: Learnt
    confirm_s: float
    failed: Callable[[Job], None]


class Jobs:
    """Open jobs. `restored`: what was last told of those that were open when the server ended; they go on when they are
    decided again."""

    def __init__(
        self, around: Surroundings, clients: Mapping[str, CoaClient], *, restored: Iterable[CoaEvent] = (), now: Moment
    ) -> None:
        self._around = around
        self._clients = clients
        self._book = Book(around.sessions)
        self._silence = Silence()
        self._deadlines: list[tuple[float, int, str, int]] = []
        self._order = itertools.count()
        self._parked = {before.session: before for before in restored}
        self._unpark_at = now.monotonic + PARKED_S

    # --- what happens ---

    def replace_clients(self, clients: Mapping[str, CoaClient], now: Moment) -> None:
        """Clients, secrets or settings changed: what waits is tried again."""
        if clients == self._clients:
            return
        self._clients = clients
        self._silence.end_all()
        for job in self._book.in_state(State.UNREACHABLE):
            self._begin(self._book.move(job, Happened.HEARD, now), now)

    def take(self, note: Note, now: Moment) -> None:
        """A note of the data plane."""
        match note:
            case Differs():
                self._decide(note, now)
            case Settled():
                self._settle(note, now)
            case Seen():
                self._hear(note, now)

    def order(self, session_id: str, verb: Verb, actor: str, now: Moment) -> Job:
        """What an administrator wants done to a session now. Raises `NotFoundError` or `ConflictError`."""
        session = self._look(session_id)
        if session is None:
            raise NotFoundError(f"no live session {session_id}", fix="`nac session list` shows those that are open")
        client = self._clients.get(session.client)
        if client is None or not client.enabled:
            raise ConflictError(
                f"changes of authorization are off for client {session.client!r}",
                fix=f"`nac client set {session.client} --coa`",
            )
        if verb is not Verb.DISCONNECT and verb not in client.recipe.commands:
            raise ConflictError(
                f"client {session.client!r} is of a make that cannot {verb}", fix="`nac session disconnect` works there"
            )
        before = self._book.of(session_id)
        if before is not None and before.wanted is not None:
            self._around.exchange.cancel(before.id, now.monotonic)
            self._act(before, verb, actor, now)
            job = replace(before, verbs=(verb, *(one for one in before.verbs if one is not verb)), actor=actor)
            job = self._book.move(job, Happened.ORDERED, now)
        else:
            verbs = (verb, verb) if verb is Verb.DISCONNECT else (verb,)
            new = new_job(session, "administrator", None, verbs, now.unix_us, now, actor=actor)
            self._act(new, verb, actor, now)
            job = self._book.add(new, now)
        self._begin(job, now)
        return job

    def sent(self, ticket: str, now: Moment) -> None:
        """The exchange sent a request for the first time."""
        if (job := self._book.job(ticket)) is not None and job.state is State.DECIDED:
            self._book.move(job, Happened.SENT, now)

    def answered(self, ticket: str, answer: Answer, now: Moment) -> None:
        """The exchange has an answer."""
        job = self._book.job(ticket)
        if job is None or job.state is not State.SENT:
            return
        target = self._book.target(job.session.session)
        was_silent = target is not None and self._silence.answered(target, now.monotonic)
        effect = "ack" if answer.acknowledged else error_cause(answer.error_cause).effect
        job = self._try(job, "ack" if answer.acknowledged else "nak", now, answer.error_cause)
        if effect in {"ack", "begun"}:
            self._acked(job, now)
        elif effect == "gone":
            self._book.move(job, Happened.GONE, now, by=NOT_KNOWN)
            self._around.sessions.end_session(job.session.session, NOT_KNOWN)
        else:
            self._next_verb(job, Happened.REFUSED, without_current(job.verbs), in_words(answer.error_cause), now)
        if was_silent and target is not None:
            self._release(target, now)

    def silent(self, ticket: str, now: Moment) -> None:
        """The exchange got no answer."""
        job = self._book.job(ticket)
        if job is None or job.state is not State.SENT:
            return
        target = self._book.target(job.session.session)
        job = self._book.move(self._try(job, "silence", now), Happened.SILENT, now, detail="the switch does not answer")
        if target is None:
            return
        self._silence.note(target, now.monotonic)
        if target not in self._silence:
            self._begin(self._book.move(job, Happened.HEARD, now), now)
        else:
            for waiting in self._book.at(target):
                if waiting.state is State.DECIDED:
                    self._around.exchange.cancel(waiting.id, now.monotonic)
                    self._book.move(waiting, Happened.HELD, now, detail="the switch does not answer")

    def tick(self, now: Moment) -> None:
        """What is due at `now`."""
        while self._deadlines and self._deadlines[0][0] <= now.monotonic:
            _, _, job_id, step = heapq.heappop(self._deadlines)
            job = self._book.job(job_id)
            if job is not None and job.state is State.ACKED and job.step == step:
                self._without_effect(job, now)
        for target in self._silence.due(now.monotonic):
            self._try_one(target, now)
        if self._parked and now.monotonic >= self._unpark_at:
            for before in self._parked.values():
                self._give_up(before, now)
            self._parked = {}

    def next_at(self) -> float | None:
        """When `tick` has something to do; monotonic seconds."""
        times = [self._silence.next_at(), self._deadlines[0][0] if self._deadlines else None]
        times.append(self._unpark_at if self._parked else None)
        return min((time for time in times if time is not None), default=None)

    def counts(self) -> dict[str, int]:
        """Open jobs by state, and switches that do not answer. On any thread."""
        return {**self._book.counts(), "silent_switches": len(self._silence)}

    # --- notes ---

    def _decide(self, note: Differs, now: Moment) -> None:
        session, wanted = note.session, note.wanted
        client = self._clients.get(session.client)
        verbs: tuple[Verb, ...] = ()
        if client is not None:
            useless = self._around.learnt.useless(session.client, now=now.unix_us)
            verbs = plan(client.recipe, session, wanted, chosen=client.verbs, useless=useless)
        before = self._book.of(session.session)
        if before is not None:
            self._withdraw(before, "replaced", now)
        parked = self._parked.pop(session.session, None)
        job = new_job(session, note.why, wanted, verbs, note.due_at, now)
        if parked is not None:
            if (parked.authorization, parked.wanted) == (wanted.authorization, wanted.in_words):
                job = resumed(job, parked)
            else:
                self._give_up(parked, now)
        self._begin(self._book.add(job, now), now)

    def _settle(self, note: Settled, now: Moment) -> None:
        job = self._book.of(note.session)
        if job is None or note.by == _APPLIED:
            return
        if note.by in _NO_LONGER_WANTED:
            self._withdraw(job, note.by, now)
        elif note.by == _LOGIN and job.wanted is None:
            self._take_sign(job, Sign(_LOGIN, now.unix_us), now)
        else:
            self._reach(job, note.by, now)

    def _hear(self, note: Seen, now: Moment) -> None:
        job = self._book.of(note.session)
        if job is None:
            return
        if job.verb is Verb.CHANGE and note.by in _LIVES:
            self._take_sign(job, Sign("accounting", note.at), now)
        target = self._book.target(note.session)
        if target and job.state is State.UNREACHABLE and self._silence.heard(target, now.monotonic):
            self._begin(self._book.move(job, Happened.HEARD, now), now, ask=True)

    def _take_sign(self, job: Job, sign: Sign, now: Moment) -> None:
        """It counts once the switch has acknowledged; its ACK may be read after what it brought about."""
        if job.state is State.SENT:
            self._book.note_sign(job, sign)
        elif job.state is State.ACKED and _is_effect(sign, job):
            self._reach(job, sign.word, now)

    # --- the way of a job ---

    def _begin(self, job: Job, now: Moment, *, ask: bool = False) -> None:
        """Hand its request to the exchange. `ask`: also to a switch that was silent."""
        client = self._clients.get(job.session.client)
        if client is None or not client.enabled:
            why = "is gone" if client is None else "takes no changes: `nac client set NAME --coa`"
            self._book.move(job, Happened.HELD, now, detail=f"client {job.session.client} {why}")
            return
        peer = client.peer(job.session.source)
        self._book.aim(job, peer.target)
        if peer.target in self._silence and not ask:
            self._book.move(job, Happened.HELD, now, detail="the switch does not answer")
            return
        while job.verbs:
            try:
                asked = message(
                    client.recipe, job.session, job.verbs[0], job.wanted, self._around.encoder, now=now.unix
                )
                self._around.exchange.submit(job.id, peer, asked, now.monotonic)
            except (UnnameableError, ValueError, _dataplane.DictionaryError) as error:
                job = self._book.keep(replace(job, verbs=without_current(job.verbs), detail=f"{job.verbs[0]}: {error}"))
            else:
                return
        self._fail(job, job.detail or "the switch takes nothing that would bring it about", now)

    def _acked(self, job: Job, now: Moment) -> None:
        job = self._book.move(job, Happened.ACKED, now)
        wanted = job.wanted
        changed = job.verb is Verb.CHANGE and wanted is not None
        if changed and wanted is not None and wanted.authorization is not None:
            self._around.sessions.session_applied(job.session.session, wanted.authorization)
        sign = self._book.take_sign(job)
        if sign is not None and _is_effect(sign, job):
            self._reach(job, sign.word, now)
        elif not changed:
            patience = self._around.confirm_s + (BOUNCE_S if job.verb is Verb.BOUNCE else 0.0)
            heapq.heappush(self._deadlines, (now.monotonic + patience, next(self._order), job.id, job.step))

    def _without_effect(self, job: Job, now: Moment) -> None:
        """An ACK was not followed by anything."""
        verb = job.verbs[0]
        job = self._try(job, "no-effect", now)
        self._next_verb(job, Happened.NO_EFFECT, job.verbs[1:], f"{verb} was acknowledged without effect", now)

    def _next_verb(self, job: Job, why: Happened, verbs: tuple[Verb, ...], detail: str, now: Moment) -> None:
        job = replace(job, verbs=verbs)
        self._book.take_sign(job)
        if not verbs:
            self._fail(job, detail, now)
            return
        self._begin(self._book.move(job, why, now, detail=detail), now)

    def _fail(self, job: Job, detail: str, now: Moment) -> None:
        job = self._book.move(job, Happened.EXHAUSTED, now, detail=detail)
        self._around.failed(job)
        if job.wanted is None:
            self._book.forget(job)

    def _reach(self, job: Job, by: str, now: Moment) -> None:
        self._around.exchange.cancel(job.id, now.monotonic)
        self._book.move(job, Happened.REACHED, now, by=by)

    def _withdraw(self, job: Job, by: str, now: Moment) -> None:
        self._around.exchange.cancel(job.id, now.monotonic)
        self._book.move(job, Happened.WITHDRAWN, now, by=by)

    # --- switches that do not answer ---

    def _try_one(self, target: Target, now: Moment) -> None:
        waiting = next((job for job in self._book.at(target) if job.state is State.UNREACHABLE), None)
        if waiting is None:
            self._silence.forget(target)
        else:
            self._begin(self._book.move(waiting, Happened.HEARD, now), now, ask=True)

    def _release(self, target: Target, now: Moment) -> None:
        for waiting in self._book.at(target):
            if waiting.state is State.UNREACHABLE:
                self._begin(self._book.move(waiting, Happened.HEARD, now), now)

    # --- the rest ---

    def _try(self, job: Job, answer: TryAnswer, now: Moment, cause: int | None = None) -> Job:
        verb = job.verbs[0]
        if answer in {"ack", "nak"}:
            self._around.learnt.note(job.session.client, verb, Lesson(answer, cause, now.unix_us))
        return tried(job, now.unix_us, answer, cause)

    def _act(self, job: Job, verb: Verb, actor: str, now: Moment) -> None:
        """For the record, before it is carried out."""
        subject, client = job.session.session, job.session.client
        detail = f"client={client} mac={job.session.mac} job={job.id}"
        self._book.act(actor, f"session {_COMMANDS.get(verb, verb)}", subject, detail, now)

    def _give_up(self, before: CoaEvent, now: Moment) -> None:
        generation = self._around.sessions.generation()
        detail = "decided otherwise, or not at all, after a restart"
        self._book.tell(withdrawn(before, now, generation, by="restart", detail=detail))

    def _look(self, session_id: str) -> Session | None:
        """The session as it is now; None when it is over."""
        raw = self._around.sessions.session(session_id)
        live = decode_session(raw) if raw is not None else None
        return None if live is None or live.state == "closed" else live


def _is_effect(sign: Sign, job: Job) -> bool:
    """Whether a sign of an acknowledged job can come from its request."""
    return sign.at >= max(job.sent_at or 0, (job.acked_at or 0) - ORDER_SLACK_US)
