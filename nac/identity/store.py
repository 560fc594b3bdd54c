"""What the data plane is told about devices and users: everything at start, afterwards only what changed.

The service keeps the revision of its last read, polls `nac.db.revision.current`, and when it moved takes
`changes_since`: removals first, then upserts. A session that stays open would keep seeing the old state (WAL).
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, TypedDict

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from nac.db import bulk, revision
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

_TABLES: Final = Device.metadata.tables
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
    """These devices: asked for with each posture report, so past SQLAlchemy's machinery."""

    def pairs(table: str, value: str, where: str = "true") -> list[tuple[int, str]]:
        return bulk.among(session, _TABLES[table], ("device_id", value), "device_id", ids, where)

    is_shared = f"kind = '{SHARED_IDENTITY}' AND cleared_at IS NULL"
    return _joined(
        [_Device(*row) for row in bulk.among(session, _TABLES["devices"], _Device._fields, "id", ids)],
        _grouped(pairs("device_macs", "mac")),
        _grouped(pairs("device_certificates", "fingerprint")),
        _grouped(pairs("device_tags", "tag")),
        [_Report(*row) for row in bulk.among(session, _TABLES["posture_verdicts"], _Report._fields, "device_id", ids)],
        {device_id for device_id, _ in pairs("posture_findings", "kind", is_shared)},
    )


def _devices(session: Session, changed: ColumnElement[bool]) -> list[DeviceFields]:
    """Flat queries: a large table costs no object per row."""
    certificates = select(DeviceCertificate.device_id, DeviceCertificate.fingerprint).join(Device).where(changed)
    reports = select(*(getattr(PostureVerdict, name) for name in _Report._fields)).join(Device).where(changed)
    shared = select(PostureFinding.device_id).join(Device).where(changed, *open_shared_identity())
    columns = select(*(getattr(Device, name) for name in _Device._fields)).where(changed)
    return _joined(
        (_Device(*row) for row in session.execute(columns)),
        _grouped(session.execute(select(DeviceMac.device_id, DeviceMac.mac).join(Device).where(changed))),
        _grouped(session.execute(certificates)),
        _grouped(session.execute(select(DeviceTag.device_id, DeviceTag.tag).join(Device).where(changed))),
        (_Report(*row) for row in session.execute(reports)),
        set(session.scalars(shared)),
    )


class _Device(NamedTuple):
    """What is asked of the table of devices."""

    id: int
    name: str
    kind: str | None
    owner: str | None
    managed: bool
    disabled: bool
    posture_status: str | None
    posture_expires_at: int | None


class _Report(NamedTuple):
    """What is asked of the table of verdicts."""

    device_id: int
    reported_at: int
    score: int
    passed: str
    failed: str
    fresh_until: int
    ageing_until: int


def _joined(
    devices: Iterable[_Device],
    macs: Mapping[int, list[str]],
    certificates: Mapping[int, list[str]],
    tags: Mapping[int, list[str]],
    reports: Iterable[_Report],
    sharing: Collection[int],
) -> list[DeviceFields]:
    verdicts = {report.device_id: report for report in reports}
    return [
        DeviceFields(
            name=one.name,
            macs=macs.get(one.id, []),
            certificates=certificates.get(one.id, []),
            kind=one.kind,
            owner=one.owner,
            managed=bool(one.managed),
            disabled=bool(one.disabled),
            tags=tags.get(one.id, []),
            posture_status=one.posture_status,
            posture_expires_at=one.posture_expires_at,
            shared_identity=one.id in sharing,
            **_of_report(verdicts.get(one.id)),
        )
        for one in devices
    ]


class _OfReport(TypedDict):
    posture_at: int | None
    posture_score: int | None
    posture_passed: list[str] | None
    posture_failed: list[str] | None
    posture_fresh_until: int | None
    posture_ageing_until: int | None


def _of_report(row: _Report | None) -> _OfReport:
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
    memberships = select(Membership.user_id, Group.name).join(Group).join(User).where(changed)
    groups = _grouped(session.execute(memberships))
    rows = session.execute(select(User.id, User.name, User.disabled).where(changed))
    return [UserFields(name=row.name, groups=groups.get(row.id, []), disabled=row.disabled) for row in rows]


def _grouped(pairs: Iterable[Any]) -> dict[int, list[str]]:
    """Pairs of owner and value, gathered by owner, values sorted."""
    values: dict[int, list[str]] = defaultdict(list)
    for owner, value in pairs:
        values[owner].append(value)
    return {owner: sorted(found) for owner, found in values.items()}
