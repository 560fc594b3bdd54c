"""The versions of the policy: who published which texts when, and which snapshot of the server first had them.

The folder named in nac.toml stays the truth of what is loaded; a version is the record of it. Files that were changed
by hand become a version when the server takes them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from nac.db import audit
from nac.db.schema import PolicyFile, PolicyText, PolicyVersion
from nac.errors import NotFoundError
from nac.policy.load import digest
from nac.policy.source import Source

SERVER: Final = audit.Actor("the server")
"""Who records what was changed by hand: nobody else is known."""


@dataclass(frozen=True, slots=True)
class Version:
    """A version without its texts. `at`: Unix seconds; `generation`: None until a server has taken it."""

    number: int
    digest: str
    generation: int | None
    at: int
    author: str
    note: str


def record(session: Session, sources: Sequence[Source], *, author: audit.Actor, note: str, now: int) -> Version:
    """Add a version with these texts, and its line in the audit."""
    row = PolicyVersion(digest=digest(sources), generation=None, at=now, author=author, note=note)
    session.add(row)
    session.flush()
    for position, source in enumerate(sources):
        key = hashlib.sha256(source.text.encode()).hexdigest()
        session.merge(PolicyText(digest=key, text=source.text))
        session.flush()
        session.add(PolicyFile(version=row.number, position=position, name=source.name, text=key))
    audit.record(session, author, "policy publish", str(row.number), note)
    return _version(row)


def note_loaded(session: Session, sources: Sequence[Source], generation: int, *, now: int) -> Version:
    """The server has taken these texts with a snapshot: a version of its own if the newest one has others."""
    newest = session.scalars(select(PolicyVersion).order_by(PolicyVersion.number.desc()).limit(1)).one_or_none()
    if newest is None or newest.digest != digest(sources):
        record(session, sources, author=SERVER, note="found in the folder", now=now)
        newest = session.scalars(select(PolicyVersion).order_by(PolicyVersion.number.desc()).limit(1)).one()
    if newest.generation is None:
        newest.generation = generation
    return _version(newest)


def versions(session: Session, limit: int) -> list[Version]:
    """The newest versions, newest first."""
    rows = session.scalars(select(PolicyVersion).order_by(PolicyVersion.number.desc()).limit(limit))
    return [_version(row) for row in rows]


def sources_of(session: Session, number: int) -> list[Source]:
    """The texts of a version, in their order. Raises `NotFoundError`."""
    query = (
        select(PolicyFile.name, PolicyText.text)
        .join(PolicyText, PolicyText.digest == PolicyFile.text)
        .where(PolicyFile.version == number)
        .order_by(PolicyFile.position)
    )
    found = [Source(row.name, row.text) for row in session.execute(query)]
    if not found:
        raise NotFoundError(f"there is no policy version {number}", fix="`nac policy history` lists them")
    return found


def _version(row: PolicyVersion) -> Version:
    return Version(row.number, row.digest, row.generation, row.at, row.author, row.note)
