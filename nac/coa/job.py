r"""One change of one session: its states, and the only table of what may follow on what.

decided -> sent -> acked -> confirmed        refused or without effect: decided again, with the next verb,
             \-> unreachable -> decided      failed when there is none; withdrawn when it is no longer wanted
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, Literal

import msgspec

from nac.coa.moment import Moment
from nac.coa.recipe import Verb
from nac.coa.session import Wanted
from nac.events.types import CoaEvent, CoaTry, Session

Reason = Literal["policy", "facts", "time", "administrator"]
TryAnswer = Literal["ack", "nak", "silence", "no-effect"]


REMEMBERED_TRIES: Final = 32
"""A switch that is silent for weeks is tried again and again."""


class State(StrEnum):
    """`failed` waits too: what is wanted may still come about by a login, and then is `confirmed`."""

    DECIDED = "decided"
    SENT = "sent"
    ACKED = "acked"
    UNREACHABLE = "unreachable"
    FAILED = "failed"
    CONFIRMED = "confirmed"
    WITHDRAWN = "withdrawn"


class Happened(StrEnum):
    """What moves a job."""

    SENT = "sent"
    ACKED = "acked"
    GONE = "gone"
    REFUSED = "refused"
    NO_EFFECT = "no effect"
    EXHAUSTED = "exhausted"
    SILENT = "silent"
    HELD = "held"
    HEARD = "heard"
    ORDERED = "ordered"
    REACHED = "reached"
    WITHDRAWN = "withdrawn"


FINAL: Final = frozenset({State.CONFIRMED, State.WITHDRAWN})
_OPEN: Final = frozenset(State) - FINAL

TABLE: Final[Mapping[tuple[State, Happened], State]] = {
    (State.DECIDED, Happened.SENT): State.SENT,
    (State.DECIDED, Happened.HELD): State.UNREACHABLE,
    (State.DECIDED, Happened.EXHAUSTED): State.FAILED,
    (State.SENT, Happened.ACKED): State.ACKED,
    (State.SENT, Happened.GONE): State.CONFIRMED,
    (State.SENT, Happened.REFUSED): State.DECIDED,
    (State.SENT, Happened.EXHAUSTED): State.FAILED,
    (State.SENT, Happened.SILENT): State.UNREACHABLE,
    (State.ACKED, Happened.NO_EFFECT): State.DECIDED,
    (State.ACKED, Happened.EXHAUSTED): State.FAILED,
    (State.UNREACHABLE, Happened.HEARD): State.DECIDED,
    **{(state, Happened.ORDERED): State.DECIDED for state in _OPEN},
    **{(state, Happened.REACHED): State.CONFIRMED for state in _OPEN},
    **{(state, Happened.WITHDRAWN): State.WITHDRAWN for state in _OPEN},
}


class TransitionError(Exception):
    """A defect: something happened to a job that cannot happen in its state."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Times are Unix microseconds. `verbs`: those still to be tried, the current one first. `wanted`: None for what an
    administrator ordered. `step` counts its transitions. `due_at`: when the cause of it reached the data plane."""

    id: str
    session: Session
    reason: Reason
    wanted: Wanted | None
    verbs: tuple[Verb, ...]
    decided_at: int
    due_at: int
    actor: str | None = None
    state: State = State.DECIDED
    step: int = 0
    tries: tuple[CoaTry, ...] = ()
    sent_at: int | None = None
    acked_at: int | None = None
    ended_at: int | None = None
    by: str | None = None
    error_cause: int | None = None
    detail: str = ""

    @property
    def verb(self) -> Verb | None:
        """What is or would be sent; None when nothing is left."""
        return self.verbs[0] if self.verbs else None

    @property
    def is_open(self) -> bool:
        return self.state not in FINAL


def new_job(
    session: Session,
    reason: Reason,
    wanted: Wanted | None,
    verbs: tuple[Verb, ...],
    due_at: int,
    now: Moment,
    *,
    actor: str | None = None,
) -> Job:
    """Decided now; `due_at` as in `Job`."""
    return Job(
        id=secrets.token_hex(8),
        session=session,
        reason=reason,
        wanted=wanted,
        verbs=verbs,
        decided_at=now.unix_us,
        due_at=due_at,
        actor=actor,
    )


def resumed(job: Job, before: CoaEvent) -> Job:
    """The job from before the restart, decided again."""
    return replace(
        job,
        id=before.job,
        step=before.step + 1,
        due_at=before.due_at,
        decided_at=before.decided_at,
        tries=tuple(before.tries),
        sent_at=before.sent_at,
    )


def withdrawn(before: CoaEvent, now: Moment, generation: int | None, *, by: str, detail: str) -> CoaEvent:
    """What is told of a job that is only on record, and does not go on."""
    return msgspec.structs.replace(
        before,
        step=before.step + 1,
        at=now.unix_us,
        state=State.WITHDRAWN.value,
        ended_at=now.unix_us,
        by=by,
        generation=generation,
        detail=detail,
    )


def advance(job: Job, happened: Happened, at: int, *, by: str | None = None, detail: str = "") -> Job:
    """The job after what happened. `at`: Unix microseconds; `by`: what confirmed or withdrew it. Raises
    `TransitionError`."""
    state = TABLE.get((job.state, happened))
    if state is None:
        raise TransitionError(f"{happened} cannot happen to a job that is {job.state}")
    job = replace(job, state=state, step=job.step + 1, detail=detail)
    if happened is Happened.SENT:
        return replace(job, sent_at=job.sent_at or at)
    if happened is Happened.ACKED:
        return replace(job, acked_at=at)
    return replace(job, ended_at=at, by=by) if state in FINAL else job


def tried(job: Job, at: int, answer: TryAnswer, cause: int | None = None) -> Job:
    """With what came of the current verb written down."""
    one = CoaTry(verb=job.verbs[0], at=at, answer=answer, error_cause=cause)
    return replace(job, tries=(*job.tries, one)[-REMEMBERED_TRIES:], error_cause=cause)


def without_current(verbs: Sequence[Verb]) -> tuple[Verb, ...]:
    """What is left when the current verb was refused: not the same once more."""
    return tuple(verb for verb in verbs if verb is not verbs[0])


def event(job: Job, at: int, generation: int) -> CoaEvent:
    """The job as the journal keeps it. `generation`: of the policy in force."""
    session = job.session
    return CoaEvent(
        job=job.id,
        step=job.step,
        at=at,
        session=session.session,
        client=session.client,
        mac=session.mac,
        user=session.identity_user,
        device=session.identity_device,
        decision=session.decision,
        reason=job.reason,
        actor=job.actor,
        wanted=job.wanted.in_words if job.wanted else str(job.tries[0].verb if job.tries else job.verb),
        cause=job.wanted.cause if job.wanted else None,
        authorization=job.wanted.authorization if job.wanted else None,
        state=job.state.value,
        verb=job.verb,
        tries=list(job.tries),
        due_at=job.due_at,
        decided_at=job.decided_at,
        sent_at=job.sent_at,
        acked_at=job.acked_at,
        ended_at=job.ended_at,
        by=job.by,
        error_cause=job.error_cause,
        detail=job.detail,
        generation=generation,
    )
