"""Users and groups: `Users` reads and writes them inside one transaction, each write with its audit line and revision.

nac keeps no passwords: a user is known by a certificate, and by the groups that the policy asks for.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.orm import Session, selectinload

from nac.db import audit, revision
from nac.db.schema import Group, Tombstone, User
from nac.errors import ConflictError
from nac.identity.name import Name, fold, not_found

_SUGGESTED_FROM: Final = 5000
"""How many names are looked at for "did you mean"."""


class Users:
    """Users as one transaction sees them. `now` is in Unix seconds."""

    def __init__(self, session: Session, *, actor: audit.Actor, now: int) -> None:
        self._session = session
        self._actor = actor
        self._now = now

    def add(self, name: Name, groups: Sequence[Name] = ()) -> User:
        """Add a user; groups come into being by being named. Raises `ConflictError`."""
        if self._by_key(name.key) is not None:
            raise ConflictError(f"user {name.text!r} exists already", fix="change it with `nac user group`")
        user = User(
            name=name.text, key=name.key, disabled=False, created_at=self._now, revision=revision.bump(self._session)
        )
        user.groups = self._groups(groups)
        self._session.add(user)
        self._session.execute(delete(Tombstone).where(Tombstone.kind == "user", Tombstone.key == name.key))
        self._record("user add", user, f"groups={[group.text for group in groups]}")
        return user

    def get(self, name: str) -> User:
        """The user of this name. Raises `NotFoundError`."""
        user = self._by_key(fold(name.strip()))
        if user is None:
            raise not_found("user", name, self._session.scalars(select(User.name).limit(_SUGGESTED_FROM)))
        return user

    def find(self, *, group: str | None = None) -> Sequence[User]:
        """All users by name; of one group if given."""
        query = select(User).order_by(User.key).options(selectinload(User.groups))
        if group is not None:
            query = query.where(User.groups.any(Group.key == fold(group)))
        return self._session.scalars(query).all()

    def regroup(self, name: str, *, add: Sequence[Name] = (), remove: Sequence[Name] = ()) -> User:
        """Put a user into groups and take him out of others. Raises `NotFoundError`."""
        user = self.get(name)
        gone = {group.key for group in remove}
        kept = [group for group in user.groups if group.key not in gone]
        present = {group.key for group in kept}
        user.groups = kept + self._groups([group for group in add if group.key not in present])
        user.revision = revision.bump(self._session)
        detail = [f"+{group.text}" for group in add] + [f"-{group.text}" for group in remove]
        self._record("user group", user, " ".join(detail))
        return user

    def disable(self, name: str) -> User:
        """Refuse this user from the next authentication on. Raises `NotFoundError`."""
        return self._switch(name, "user disable", disabled=True)

    def enable(self, name: str) -> User:
        """Take `disable` back. Raises `NotFoundError`."""
        return self._switch(name, "user enable", disabled=False)

    def remove(self, name: str) -> str:
        """Remove a user and leave a tombstone; gives the name. Raises `NotFoundError`."""
        user = self.get(name)
        stone = Tombstone(
            kind="user", key=user.key, name=user.name, revision=revision.bump(self._session), removed_at=self._now
        )
        self._session.merge(stone)
        self._record("user remove", user, "")
        self._session.delete(user)
        return user.name

    def _switch(self, name: str, action: str, *, disabled: bool) -> User:
        user = self.get(name)
        user.disabled = disabled
        user.revision = revision.bump(self._session)
        self._record(action, user, "")
        return user

    def _by_key(self, key: str) -> User | None:
        return self._session.scalars(select(User).where(User.key == key)).one_or_none()

    def _groups(self, names: Sequence[Name]) -> list[Group]:
        wanted = {name.key: name for name in names}
        found = {group.key: group for group in self._session.scalars(select(Group).where(Group.key.in_(wanted)))}
        return [found.get(key) or Group(name=name.text, key=key) for key, name in sorted(wanted.items())]

    def _record(self, action: str, user: User, detail: str) -> None:
        audit.record(self._session, self._actor, action, user.name, detail)
