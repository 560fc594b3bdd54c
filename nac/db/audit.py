"""The record of who changed what: one row per change, written in the same transaction as the change."""

from __future__ import annotations

import os
import pwd
import time
from typing import NewType

from sqlalchemy.orm import Session

from nac.db.schema import AdminAudit

Actor = NewType("Actor", str)


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
