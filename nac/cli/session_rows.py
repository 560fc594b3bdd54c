"""How sessions and their changes are shown to people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from nac.cli.output import Cell, local_time
from nac.coa.error_cause import error_cause, in_words
from nac.events.types import CoaEvent, Session
from nac.sessions.query import StoredSession, Used

SHORT: Final = 8
"""Digits of an id that tell it from others on one screen."""


class PastSession(Session, frozen=True):
    """As the database has it: `node`: whose it is or was; `cause`: why it ended, None while it has not."""

    node: str
    cause: str | None


def past_session(one: StoredSession) -> PastSession:
    """A stored `SessionEvent` is the session with what happened to it."""
    told: Mapping[str, object] = one.view | {"node": one.node}
    return msgspec.convert({name: told[name] for name in PastSession.__struct_fields__}, PastSession)


def session_row(one: Session) -> list[Cell]:
    """The cells of a list. What only the database knows is there when it comes from there."""
    cause = one.cause if isinstance(one, PastSession) else None
    state = f"{one.state}, differs" if one.differs else one.state
    return [
        one.session[:SHORT],
        f"{state}: {cause}" if cause else state,
        one.mac,
        one.identity_user or _said(one.user_name),
        one.identity_device,
        one.client,
        one.nas.port_id or one.nas.port,
        one.segment,
        local_time(one.opened_at / 1e6),
        local_time(one.seen_at / 1e6),
    ]


def _said(user_name: str | None) -> str | None:
    """A user that was said, not proven."""
    return f"({user_name})" if user_name else None


def session_record(one: Session, used: Used | None, jobs: list[CoaEvent]) -> dict[str, Cell]:
    """Everything about one session."""
    fields: dict[str, Any] = msgspec.to_builtins(one)
    nas = fields.pop("nas")
    for name in ("opened_at", "authorized_at", "seen_at", "closed_at"):
        fields[name] = local_time(fields[name] / 1e6) if fields[name] else None
    return {
        **fields,
        **{f"nas {name}": value for name, value in nas.items()},
        "used": f"{used.input_octets} octets from the device, {used.output_octets} to it" if used else None,
        "changes": [f"{_one_line(job)} ({job.job})" for job in jobs],
    }


def _one_line(job: CoaEvent) -> str:
    return f"{local_time(job.decided_at / 1e6)} {job.wanted}: {job.verb or '-'} {job.state}"


def job_row(job: CoaEvent) -> list[Cell]:
    """The cells of a list of changes."""
    return [
        local_time(job.decided_at / 1e6),
        job.state,
        job.verb,
        job.wanted,
        job.reason if job.actor is None else f"{job.reason} {job.actor}",
        _took(job),
        job.mac,
        job.client,
        job.node[:SHORT],
        job.session[:SHORT],
        job.job,
    ]


def _took(job: CoaEvent) -> str | None:
    return f"{(job.ended_at - job.decided_at) / 1e6:.3f} s" if job.ended_at else None


def job_record(job: CoaEvent) -> dict[str, Cell]:
    """Everything about one change."""
    fields: dict[str, Any] = msgspec.to_builtins(job)
    for name in ("at", "due_at", "decided_at", "sent_at", "acked_at", "ended_at"):
        fields[name] = f"{fields[name] / 1e6:.6f} ({local_time(fields[name] / 1e6)})" if fields[name] else None
    fields["tries"] = [f"{one.verb}: {one.answer}{_cause(one.error_cause)}" for one in job.tries]
    if job.error_cause is not None:
        known = error_cause(job.error_cause)
        fields["error_cause"] = in_words(job.error_cause)
        fields.update(meaning=known.meaning, fix=known.fix)
    return fields


def _cause(number: int | None) -> str:
    return f" {in_words(number)}" if number is not None else ""
