"""Explain what happened to a MAC address, a device, a user, or in one authentication - also when nothing is known."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from nac.db.schema import Client, Device, DeviceMac, User
from nac.errors import NotFoundError
from nac.events.chain import LONGEST_CHAIN, Step, explain
from nac.events.changes import changes_of
from nac.events.query import (
    AuthenticationFilter,
    DiscardSummary,
    StoredAuthentication,
    by_id,
    discards_since,
    is_id,
    newest,
)
from nac.events.store import search_mac
from nac.events.types import CoaEvent
from nac.identity.mac import MacAddress, MacAddressError
from nac.identity.name import fold
from nac.posture.query import refusals

DISCARDS_SECONDS: Final = 3600
"""How far back unanswered packets, and refused reports, are told of."""

_SHOWN_DISCARDS: Final = 4


@dataclass(frozen=True)
class Explanation:
    """`steps`: at most ten. `authentication`: what they explain; None when nothing is known of the subject."""

    subject: str
    steps: list[Step]
    authentication: StoredAuthentication | None


def why(session: Session, subject: str, *, now: int) -> Explanation:
    """Explain the newest authentication of a subject: an id, a MAC address, or the name of a device, user or client.

    `now`: Unix seconds. An unknown subject is explained too: by unanswered packets, and by what else to look at.
    """
    found = _by_id(session, subject) or _newest_of(session, subject)
    if found is None:
        return Explanation(subject, _nothing_known(session, subject, now), None)
    steps = explain(found.event)
    if found.event.result == "abandoned":
        unanswered = discards_since(session, now - DISCARDS_SECONDS, client=found.event.client)
        steps += [_discard(summary) for summary in unanswered]
    behind = [_change(job) for job in changes_of(session, found.event)]
    behind += _refused(session, found.event.identity_device or subject, now)
    return Explanation(subject, [*steps[: LONGEST_CHAIN - len(behind)], *behind], found)


def _refused(session: Session, device: str, now: int) -> list[Step]:
    """The newest posture report of a device that was refused of late."""
    return [
        Step("posture", "failed", f"report refused {one.count} times: {one.word}, {one.detail}")
        for one in refusals(session, name=device, since=now - DISCARDS_SECONDS, most=1)
    ]


def _change(job: CoaEvent) -> Step:
    """A change of the session that this authentication opened, or that it is the end of."""
    at = datetime.fromtimestamp(job.decided_at / 1e6, UTC).astimezone().strftime("%H:%M:%S")
    took = f" by {job.by} after {(job.ended_at - job.decided_at) / 1e6:.1f} s" if job.ended_at else ""
    cause = f", Error-Cause {job.error_cause}" if job.error_cause else ""
    text = f"{at} {job.reason}: {job.wanted}, {job.verb or 'no verb'} {job.state}{took}{cause} (job {job.job})"
    return Step("change", "failed" if job.state == "failed" else "info", text)


def _by_id(session: Session, subject: str) -> StoredAuthentication | None:
    if not is_id(subject) or _is_name(session, subject):
        return None
    try:
        return by_id(session, subject)
    except NotFoundError:
        return None


def _newest_of(session: Session, subject: str) -> StoredAuthentication | None:
    """Whatever the subject is: the newest authentication that has it as address, device, user or client."""
    filters = [AuthenticationFilter(device=subject), AuthenticationFilter(user=subject)]
    if _is_mac(subject):
        filters.append(AuthenticationFilter(mac=subject))
    found = [stored for wanted in filters for stored in newest(session, wanted, 1)]
    if not found:
        found = newest(session, AuthenticationFilter(client=subject), 1)
    return max(found, key=lambda stored: (stored.event.at, stored.row_id), default=None)


def _nothing_known(session: Session, subject: str, now: int) -> list[Step]:
    steps = [Step("result", "info", f"no authentication of {subject} is known"), _registered(session, subject)]
    source = _address(subject)
    client = subject if _is_client(session, subject) else None
    unanswered = discards_since(session, now - DISCARDS_SECONDS, source=source, client=client)
    steps += [_discard(summary) for summary in unanswered[:_SHOWN_DISCARDS]]
    steps += _refused(session, subject, now)
    if not unanswered:
        steps.append(Step("discards", "ok", "no packet was left unanswered in the last hour"))
    steps.append(
        Step("check", "info", "Is the server running and reached by the switch? `nac status` counts requests.")
    )
    steps.append(Step("check", "info", "Is the switch a client, with the right prefix and secret? `nac client list`"))
    steps.append(Step("check", "info", "Does the port do 802.1X or MAC authentication, and has the device a link?"))
    return steps[:LONGEST_CHAIN]


def _registered(session: Session, subject: str) -> Step:
    """What the database knows of the subject itself."""
    key = fold(subject.strip())
    device = session.scalars(
        select(Device).outerjoin(DeviceMac).where((Device.key == key) | (DeviceMac.mac == search_mac(subject)))
    ).first()
    if device is not None:
        return Step("known", "ok", f"device {device.name}, {'disabled' if device.disabled else 'enabled'}; never asked")
    user = session.scalars(select(User).where(User.key == key)).one_or_none()
    if user is not None:
        return Step("known", "ok", f"user {user.name}, {'disabled' if user.disabled else 'enabled'}; never asked")
    if _is_client(session, subject):
        return Step("known", "ok", f"client {subject}; no conversation with it was ever completed")
    if _is_mac(subject):
        return Step("known", "info", "no device has this address; `nac device add NAME --mac ADDRESS` adds one")
    return Step("known", "info", "there is no device, user or client of this name")


def _discard(summary: DiscardSummary) -> Step:
    whose = f" (client {summary.client})" if summary.client else ""
    text = f"{summary.packets} packets from {summary.source}{whose} were not answered: {summary.reason}"
    return Step("discards", "failed", f"{text}: {summary.detail}" if summary.detail else text)


def _is_name(session: Session, subject: str) -> bool:
    key = fold(subject.strip())
    queries = (select(func.count()).select_from(table).where(table.key == key) for table in (Device, User, Client))
    return any(session.scalar(query) for query in queries)


def _is_client(session: Session, subject: str) -> bool:
    return bool(session.scalar(select(func.count()).select_from(Client).where(Client.key == fold(subject.strip()))))


def _is_mac(subject: str) -> bool:
    try:
        MacAddress.parse(subject)
    except MacAddressError:
        return False
    return True


def _address(subject: str) -> str | None:
    """An IP address in its usual form, as the data plane writes a source."""
    try:
        return str(ip_address(subject.strip()))
    except ValueError:
        return None
