"""What `nac posture` asks: how devices stand, which checks fail most, and who would fall if more were asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from nac.db.schema import Device, PostureChange, PostureFinding, PostureRefusal, PostureVerdict
from nac.errors import PolicyError
from nac.events.types import PostureRefusedEvent
from nac.identity.name import fold
from nac.policy.check_posture import check_postures
from nac.policy.model import Policy, Posture
from nac.policy.parse import parse
from nac.policy.source import Source
from nac.posture.freshness import Freshness
from nac.posture.judge import Applying, Status, applying, judge
from nac.posture.record import DeviceRecord
from nac.posture.store import Standing, standing, stored_findings

_AT_ONCE: Final = 1000


@dataclass(frozen=True, slots=True)
class Listed:
    """A device as it stands now: an expired report is `unknown`."""

    standing: Standing
    source: str
    status: Status
    freshness: Freshness


@dataclass(frozen=True, slots=True)
class Fleet:
    """`statuses`: devices by status; `failing`, `forgiven`, `passing`: devices by check, `forgiven` in grace."""

    statuses: Counter[str]
    failing: Counter[str]
    forgiven: Counter[str]
    passing: Counter[str]


@dataclass(frozen=True, slots=True)
class Fallen:
    """A device that would stand worse. `why`: what the added requirement says of it."""

    device: str
    before: Status
    after: Status
    why: str


def listed(session: Session, *, now: int, device: str | None = None) -> Iterator[Listed]:
    """Every device that has reported, by name; or the one of this key."""
    for one, row in _reported(session, device):
        stands = standing(one.name, row)
        status: Status = "unknown" if row.expires_at <= now else stands.verdict.status
        yield Listed(stands, row.source, status, stands.lifetime.freshness(now))


def history(session: Session, device: Device) -> Sequence[PostureChange]:
    """Its changes, the newest last."""
    changes = select(PostureChange).where(PostureChange.device_id == device.id)
    return session.scalars(changes.order_by(PostureChange.id)).all()


def refusals(session: Session, *, name: str | None = None, since: int = 0, most: int) -> list[PostureRefusedEvent]:
    """Refused reports since a Unix second, the newest last; of one device, or of a stranger by its first name."""
    wanted = select(PostureRefusal.event).where(PostureRefusal.at_us >= since * 1_000_000)
    if name is not None:
        wanted = wanted.where(PostureRefusal.name == fold(name))
    newest = session.scalars(wanted.order_by(PostureRefusal.at_us.desc()).limit(most)).all()
    return [msgspec.json.decode(raw, type=PostureRefusedEvent) for raw in reversed(newest)]


def findings(
    session: Session, *, device: Device | None = None, cleared: bool = False
) -> Sequence[tuple[PostureFinding, str]]:
    """Open findings with the device's name, the newest last; with `cleared` those that are over too."""
    wanted = select(PostureFinding, Device.name).join(Device, Device.id == PostureFinding.device_id)
    if device is not None:
        wanted = wanted.where(PostureFinding.device_id == device.id)
    if not cleared:
        wanted = wanted.where(PostureFinding.cleared_at.is_(None))
    rows = session.execute(wanted.order_by(PostureFinding.last_at, PostureFinding.id)).all()
    return [(finding, name) for finding, name in rows]


def fleet(session: Session, *, now: int) -> Fleet:
    """Over all devices whose report still counts, and the expired ones as `unknown`."""
    counted = Fleet(Counter(), Counter(), Counter(), Counter())
    for one in listed(session, now=now):
        counted.statuses[one.status] += 1
        if one.freshness == "unknown":
            continue
        for failure in one.standing.verdict.failed:
            forgiven = failure.grace_until is not None and failure.grace_until > now
            (counted.forgiven if forgiven else counted.failing)[failure.check] += 1
        counted.passing.update(one.standing.verdict.passed)
    return counted


def requirement(text: str) -> Posture:
    """A posture that asks for one thing, such as `require patch_age_days <= 14`. Raises `PolicyError`."""
    policy, problems = parse([Source("what-if", f"posture what-if {{ {text} }}")])
    problems = problems or check_postures(policy)
    if problems or len(policy.postures) != 1:
        raise PolicyError([problem.render() for problem in problems] or [f"{text!r} is not one requirement"])
    return policy.postures[0]


def what_if(session: Session, policy: Policy, added: Posture, *, now: int) -> tuple[int, list[Fallen]]:
    """How many devices were judged, and those that would stand worse if `added` were asked of every device to which a
    posture applies. Reports are judged as they were stored.
    """
    judged, fallen = 0, []
    for device, row in _reported(session, None):
        certain = applying(policy, DeviceRecord.of(device).facts)
        if row.expires_at <= now or not certain.certain:
            continue
        judged += 1
        found, since = stored_findings(row), standing(device.name, row).verdict.failing_since
        before = judge(certain, found, since, now=now)
        more = replace(certain, certain=(*certain.certain, added))
        after = judge(more, found, since, now=now)
        if _RANK[after.status] > _RANK[before.status]:
            (alone,) = judge(Applying((added,), ()), found, {}, now=now).failed
            fallen.append(Fallen(device.name, before.status, after.status, alone.says))
    return judged, fallen


_RANK: Final[dict[Status, int]] = {"healthy": 0, "degraded": 1, "unhealthy": 2, "unknown": 3}


def _reported(session: Session, device: str | None) -> Iterator[tuple[Device, PostureVerdict]]:
    query = select(Device, PostureVerdict).join(PostureVerdict, PostureVerdict.device_id == Device.id)
    if device is not None:
        query = query.where(Device.key == device)
    query = query.order_by(Device.key).options(selectinload(Device.tags)).execution_options(yield_per=_AT_ONCE)
    for row in session.execute(query):
        yield row.Device, row.PostureVerdict
