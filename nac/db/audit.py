"""The record of who changed what: one row per change, written in the same transaction as a change of the database, and
right after an act on the files of the authority (`nac.pki.audit`).
"""

from __future__ import annotations

import os
import pwd
import time
from dataclasses import dataclass
from typing import NewType

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from nac.db.schema import AdminAudit

Actor = NewType("Actor", str)


@dataclass(frozen=True)
class AuditFilter:
    """What is looked for; None does not restrict. `since`: Unix seconds; `subject`: its whole name, ASCII case aside.

    `actor` is the user or who called it through `sudo`; `action` a noun (`device`) or noun and verb (`device add`).
    """

    actor: str | None = None
    action: str | None = None
    subject: str | None = None
    since: int | None = None


def os_user() -> Actor:
    """The operating system's user behind this process; behind `sudo`, who called it too."""
    try:
        name = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        name = str(os.getuid())
    caller = os.environ.get("SUDO_USER", "")
    return Actor(f"{caller} (as {name})" if caller and caller != name else name)


def record(session: Session, actor: Actor, action: str, subject: str, detail: str = "") -> None:
    """Add one line to the audit. `action` is noun and verb (`device add`); `detail` must hold no secret."""
    session.add(AdminAudit(at=int(time.time()), actor=actor, action=action, subject=subject, detail=detail))


def newest(session: Session, wanted: AuditFilter, limit: int) -> list[AdminAudit]:
    """The newest matching lines, the newest of them last."""
    query = _matching(wanted).order_by(AdminAudit.id.desc()).limit(limit)
    return list(reversed(session.scalars(query).all()))


def _matching(wanted: AuditFilter) -> Select[AdminAudit]:
    query = select(AdminAudit)
    if wanted.since is not None:
        query = query.where(AdminAudit.at >= wanted.since)
    if wanted.actor is not None:
        through_sudo = AdminAudit.actor.startswith(f"{wanted.actor} (as ", autoescape=True)
        query = query.where(or_(AdminAudit.actor == wanted.actor, through_sudo))
    if wanted.action is not None:
        verb = AdminAudit.action.startswith(f"{wanted.action} ", autoescape=True)
        query = query.where(or_(AdminAudit.action == wanted.action, verb))
    if wanted.subject is not None:
        same = func.lower(AdminAudit.subject) == wanted.subject.lower()
        query = query.where(or_(AdminAudit.subject == wanted.subject, same))
    return query
