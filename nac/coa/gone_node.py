"""A node that is gone for good: what it left open is closed, as nobody else would."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from nac.coa.history import open_jobs
from nac.coa.job import withdrawn
from nac.coa.moment import Moment
from nac.db.schema import Drained
from nac.errors import ConflictError
from nac.events.coa_rows import store_coa
from nac.identity.name import not_found
from nac.sessions.store import close_all

WORD: Final = "node-gone"
"""By what its changes are withdrawn, and the cause of its sessions' end."""

QUIET_S: Final = 600
"""A node that has stored something within this time is taken for alive."""


@dataclass(frozen=True)
class Forgotten:
    """`node`: its whole id. How many sessions and changes of it were open."""

    node: str
    sessions: int
    changes: int


def forget_node(session: Session, beginning: str, now: Moment, *, own: str | None, force: bool = False) -> Forgotten:
    """Close the open sessions of a node, withdraw its changes, and keep no place in its journal any more: its last
    start then holds back nothing (`nac.events.retention`). `beginning`: of its id; `own`: the id of the node that asks.
    A node that comes back begins where its journal does, and what is stored already stays once.

    Raises `NotFoundError`; `ConflictError` when several nodes begin so, it is the node that asks, or it has stored
    something within `QUIET_S` and not `force`.
    """
    found = _the_one(session, beginning.lower())
    if found.node == own:
        raise ConflictError(f"{found.node} is this server's own node", fix="run this from a server that stays")
    silent_s = int((now.unix_us - found.committed_us) / 1e6)
    if silent_s < QUIET_S and not force:
        raise ConflictError(
            f"{found.node} stored something {silent_s} s ago", fix="stop it for good first; --force when it is"
        )
    jobs = open_jobs(session, node=found.node)
    ends = [withdrawn(job, now, None, by=WORD, detail="its server is gone for good") for job in jobs]
    store_coa(session, found.node, [(job.sequence, job) for job in ends])
    sessions = close_all(session, node=found.node, cause=WORD, now_us=now.unix_us)
    session.execute(delete(Drained).where(Drained.node == found.node))
    return Forgotten(found.node, sessions, len(jobs))


def _the_one(session: Session, beginning: str) -> Drained:
    matching = Drained.node.startswith(beginning, autoescape=True)
    found = list(session.scalars(select(Drained).where(matching).order_by(Drained.node)))
    if not found:
        raise not_found("node", beginning, list(session.scalars(select(Drained.node))))
    if len(found) > 1:
        nodes = ", ".join(one.node for one in found)
        raise ConflictError(f"several nodes begin with {beginning}: {nodes}", fix="give more of the id")
    return found[0]
