"""What the data plane is told about devices and users: everything at start, afterwards only what changed.

The service keeps the revision of its last read, polls `nac.db.revision.current`, and when it moved takes
`changes_since`: removals first, then upserts. A session that stays open would keep seeing the old state (WAL).
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final, TypedDict

from sqlalchemy import ColumnElement, Row, Select, select
from sqlalchemy.orm import Session

from nac.db import revision
from nac.db.revision import RevisionNumber
from nac.db.schema import (
    Device,
    DeviceCertificate,
    DeviceMac,
    DeviceTag,
    Group,
    Membership,
    PostureFinding,
    PostureVerdict,
    Tombstone,
    User,
)

SHARED_IDENTITY: Final = "shared_identity"
"""The kind of finding that says: two machines use one identity."""

_OF_REPORT: Final = ("device_id", "reported_at", "score", "passed", "failed", "fresh_until", "ageing_until")
_BEFORE_ALL: Final = RevisionNumber(-1)


class DeviceFields(TypedDict):
    """The arguments of `nac._dataplane.DeviceFacts`."""

    name: str
    macs: list[str]
    certificates: list[str]
    kind: str | None
    owner: str | None
    managed: bool
    disabled: bool
    tags: list[str]
    posture_status: str | None
    posture_expires_at: int | None
    posture_at: int | None
    posture_score: int | None
    posture_passed: list[str] | None
    posture_failed: list[str] | None
    posture_fresh_until: int | None
    posture_ageing_until: int | None
    shared_identity: bool


class UserFields(TypedDict):
    """The arguments of `nac._dataplane.UserFacts`."""

    name: str
    groups: list[str]
    disabled: bool


@dataclass(frozen=True)
class Facts:
    """Devices and users to upsert, names to remove before that, and the revision that they bring the reader to."""

    revision: RevisionNumber
    devices: list[DeviceFields]
    users: list[UserFields]
    removed_devices: list[str]
    removed_users: list[str]
    clients_changed: bool


def load_facts(session: Session) -> Facts:
    """All devices and users."""
    now = revision.current(session)
    return Facts(
        now.latest,
        _devices(session, Device.revision > _BEFORE_ALL),
        _users(session, _BEFORE_ALL),
        [],
        [],
        clients_changed=True,
    )


def changes_since(session: Session, known: RevisionNumber) -> Facts:
    """What was written after revision `known`, and whether a client was."""
    now = revision.current(session)
    stones = session.execute(select(Tombstone.kind, Tombstone.name).where(Tombstone.revision > known)).all()
    return Facts(
        revision=now.latest,
        devices=_devices(session, Device.revision > known),
        users=_users(session, known),
        removed_devices=[name for kind, name in stones if kind == "device"],
        removed_users=[name for kind, name in stones if kind == "user"],
        clients_changed=now.clients > known,
    )


def devices_of(session: Session, ids: Collection[int]) -> list[DeviceFields]:
    """These devices."""
    return _devices(session, Device.id.in_(ids))


def _devices(session: Session, changed: ColumnElement[bool]) -> list[DeviceFields]:
    """Flat queries, joined here: a large table costs no object per row."""
    macs = _grouped(session, select(DeviceMac.device_id, DeviceMac.mac).join(Device).where(changed))
    certificates = _grouped(
        session, select(DeviceCertificate.device_id, DeviceCertificate.fingerprint).join(Device).where(changed)
    )
    tags = _grouped(session, select(DeviceTag.device_id, DeviceTag.tag).join(Device).where(changed))
    reports = select(*(getattr(PostureVerdict, name) for name in _OF_REPORT)).join(Device).where(changed)
    verdicts = {row.device_id: row for row in session.execute(reports)}
    shared = select(PostureFinding.device_id).join(Device).where(changed, *open_shared_identity())
    sharing = set(session.scalars(shared))
    return [
        DeviceFields(
            name=row.name,
            macs=macs.get(row.id, []),
            certificates=certificates.get(row.id, []),
            kind=row.kind,
            owner=row.owner,
            managed=row.managed,
            disabled=row.disabled,
            tags=tags.get(row.id, []),
            posture_status=row.posture_status,
            posture_expires_at=row.posture_expires_at,
            shared_identity=row.id in sharing,
            **_of_report(verdicts.get(row.id)),
        )
        for row in session.execute(select(*Device.__table__.c).where(changed))
    ]


class _OfReport(TypedDict):
    posture_at: int | None
    posture_score: int | None
    posture_passed: list[str] | None
    posture_failed: list[str] | None
    posture_fresh_until: int | None
    posture_ageing_until: int | None


def _of_report(row: Row[Any] | None) -> _OfReport:
    """What a report says beside the status."""
    return _OfReport(
        posture_at=row.reported_at if row else None,
        posture_score=row.score if row else None,
        posture_passed=json.loads(row.passed) if row else None,
        posture_failed=[failure["check"] for failure in json.loads(row.failed)] if row else None,
        posture_fresh_until=row.fresh_until if row else None,
        posture_ageing_until=row.ageing_until if row else None,
    )


def open_shared_identity() -> tuple[ColumnElement[bool], ...]:
    """The findings that make the fact `device.shared_identity`."""
    return (PostureFinding.kind == SHARED_IDENTITY, PostureFinding.cleared_at.is_(None))


def _users(session: Session, known: RevisionNumber) -> list[UserFields]:
    changed = User.revision > known
    groups = _grouped(session, select(Membership.user_id, Group.name).join(Group).join(User).where(changed))
    rows = session.execute(select(User.id, User.name, User.disabled).where(changed))
    return [UserFields(name=row.name, groups=groups.get(row.id, []), disabled=row.disabled) for row in rows]


def _grouped(session: Session, pairs: Select[int, str]) -> dict[int, list[str]]:
    """Pairs of owner and value, gathered by owner, values sorted."""
    values: dict[int, list[str]] = defaultdict(list)
    for owner, value in session.execute(pairs):
        values[owner].append(value)
    return {owner: sorted(found) for owner, found in values.items()}
