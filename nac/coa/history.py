"""Changes as the database keeps them: those of one session, those that are open, the newest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import msgspec
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from nac.coa.job import FINAL
from nac.db.schema import CoaJob
from nac.events.store import search_mac
from nac.events.types import CoaEvent
from nac.identity.name import fold, not_found

_FINAL_WORDS: Final = [state.value for state in FINAL]


@dataclass(frozen=True)
class JobFilter:
    """None does not restrict. `session`, `job` and `node` may be the beginning of an id; `since_us`: decided after."""

    job: str | None = None
    session: str | None = None
    client: str | None = None
    mac: str | None = None
    state: str | None = None
    node: str | None = None
    is_open: bool = False
    since_us: int | None = None


def newest_jobs(session: Session, wanted: JobFilter, limit: int) -> list[CoaEvent]:
    """The newest matching jobs, newest first."""
    return _decoded(session, _matching(wanted).order_by(CoaJob.row_id.desc()).limit(limit))


def job_by_id(session: Session, job: str) -> CoaEvent:
    """The job of this id. Raises `NotFoundError`."""
    found = newest_jobs(session, JobFilter(job=job), 1)
    if not found:
        raise not_found("change", job, [])
    return found[0]


def open_jobs(session: Session, *, node: str) -> list[CoaEvent]:
    """Those that are under way at a node, the oldest first."""
    return _decoded(session, _matching(JobFilter(is_open=True)).where(CoaJob.node == node).order_by(CoaJob.row_id))


def _matching(wanted: JobFilter) -> Select[str, str]:
    query = select(CoaJob.event, CoaJob.node)
    if wanted.job is not None:
        query = query.where(CoaJob.id.startswith(wanted.job.lower(), autoescape=True))
    if wanted.session is not None:
        query = query.where(CoaJob.session.startswith(wanted.session.lower(), autoescape=True))
    if wanted.client is not None:
        query = query.where(CoaJob.client == fold(wanted.client))
    if wanted.mac is not None:
        query = query.where(CoaJob.mac == search_mac(wanted.mac))
    if wanted.state is not None:
        query = query.where(CoaJob.state == wanted.state)
    if wanted.node is not None:
        query = query.where(CoaJob.node.startswith(wanted.node.lower(), autoescape=True))
    if wanted.is_open:
        query = query.where(CoaJob.state.not_in(_FINAL_WORDS))
    if wanted.since_us is not None:
        query = query.where(CoaJob.decided_us >= wanted.since_us)
    return query


def _decoded(session: Session, query: Select[str, str]) -> list[CoaEvent]:
    """`node` by its column: of jobs from before nodes were told, only that has it."""
    told = ((msgspec.json.decode(raw, type=CoaEvent), node) for raw, node in session.execute(query))
    return [msgspec.structs.replace(event, node=node) for event, node in told]
