"""The facts that a user, a device and a RADIUS client would bring now, from their records, as the data plane has them.

What no record can say (the certificate, the port) comes from the newest authentication of that device or user. Without
one the certificate is taken to say nothing that a policy asks for; `notes` says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from nac.db.schema import Client, Device, PostureFinding, PostureVerdict, User
from nac.errors import NotFoundError
from nac.events.query import AuthenticationFilter, StoredAuthentication, by_id, newest
from nac.events.types import AuthenticationEvent
from nac.identity.devices import Devices
from nac.identity.name import fold, not_found
from nac.identity.store import open_shared_identity
from nac.policy.facts import TIME, normal_mac
from nac.policy.locate import site_and_region
from nac.policy.model import Policy, Value
from nac.posture.store import standing

NOT_RECORDED: Final = "(not recorded)"
"""The text of a certificate's fact of which nothing is known here."""

_TEXTS: Final = ("subject", "issuer", "serial", "fingerprint", "key")
_SETS: Final = ("dns", "email", "upn", "uri", "eku", "policy")
_ASSUMED_DAYS: Final = 365
_OF_RECORDS: Final = ("user.", "device.", "posture.", "risk.", "previous.")
"""What the records say now, whatever an older authentication said."""


@dataclass(frozen=True, slots=True)
class Gathered:
    """`facts` of one session; `notes`: what was assumed, for people; `user`, `device`: as they are called; `dialect`:
    what the RADIUS client takes, None when it is not on record.
    """

    facts: dict[str, Value]
    notes: tuple[str, ...]
    user: str
    device: str
    dialect: str | None = None


def recorded_session(session: Session, text: str, *, now: int) -> Gathered:
    """The facts over which an authentication was decided, by its id. Raises `NotFoundError` or `ConflictError`."""
    event = by_id(session, text).event
    facts = {TIME: event.at // 1_000_000, **recorded_facts(event)}
    dialect = _dialect(session, event.client)
    return Gathered(facts, (), event.identity_user or "-", event.identity_device or "-", dialect)


def recorded_facts(event: AuthenticationEvent) -> dict[str, Value]:
    """The facts of an event in the types of the policy."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in event.facts.items()}


def gather(
    session: Session, policy: Policy, *, user: str | None, device: str | None, client: str | None, now: int
) -> Gathered:
    """The facts of a session of these at `now` (Unix seconds). `device`: its name or a MAC address of it.

    Without `user` it is the one that the device's newest authentication named, else its owner. A user or device that is
    not on record is described as such. Raises `NotFoundError` for an unknown client.
    """
    record = _device(session, device, now)
    name = record.name if record else device
    last = _last(session, name, user)
    owner = user or (last.event.identity_user if last else None) or (record.owner if record else None)
    person = session.scalars(select(User).where(User.key == fold(owner))).one_or_none() if owner else None
    facts = {} if last is None else {
        fact: value for fact, value in recorded_facts(last.event).items() if not fact.startswith(_OF_RECORDS)
    }  # fmt: skip
    notes = [f"certificate and port are those of authentication {last.event.id[:8]}"] if last else []
    if last is None:
        by_mac = user is None and record is not None and bool(record.macs) and not record.certificates
        facts = _mab(record) if by_mac and record else _certificate(owner, name)
        notes.append("no authentication is recorded: " + ("by MAC address" if by_mac else "the certificate is assumed"))
    if facts.get("method") == "mab":
        person, owner = None, None
    facts |= _user_facts(person, owner) | _device_facts(session, record, name, now) | {TIME: now}
    if client is not None:
        facts = {fact: value for fact, value in facts.items() if not fact.startswith("client.")}
        facts |= _client_facts(session, policy, client)
    asked = str(facts.get("client.name", ""))
    return Gathered(facts, tuple(notes), owner or "-", name or "-", _dialect(session, asked))


def _device(session: Session, name_or_mac: str | None, now: int) -> Device | None:
    from nac.db.audit import os_user

    if name_or_mac is None:
        return None
    try:
        return Devices(session, actor=os_user(), now=now).get(name_or_mac)
    except NotFoundError:
        return None


def _last(session: Session, device: str | None, user: str | None) -> StoredAuthentication | None:
    """The newest authentication that was decided over facts, of the device if there is one."""
    wanted = AuthenticationFilter(device=device, user=user)
    if device is None and user is None:
        return None
    found = newest(session, wanted, 20)
    return next((stored for stored in found if "method" in stored.event.facts), None)


def _mab(device: Device) -> dict[str, Value]:
    mac = normal_mac(device.macs[0].mac) or device.macs[0].mac
    return {"method": "mab", "mac": mac, "mac.oui": mac[:8]}


def _certificate(user: str | None, device: str | None) -> dict[str, Value]:
    texts: dict[str, Value] = {f"certificate.{name}": NOT_RECORDED for name in _TEXTS}
    sets: dict[str, Value] = {f"certificate.{name}": () for name in _SETS}
    sets["certificate.dns"] = (device,) if device else ()
    sets["certificate.upn"] = (user,) if user else ()
    rest: dict[str, Value] = {
        "method": "eap-tls",
        "certificate.days_left": _ASSUMED_DAYS,
        "certificate.key_attested": False,
        "tls.resumed": False,
    }
    return {**texts, **sets, **rest}


def _user_facts(user: User | None, name: str | None) -> dict[str, Value]:
    facts: dict[str, Value] = {"user.known": user is not None, "user.disabled": bool(user and user.disabled)}
    facts["user.access_ended"] = False
    if user is not None:
        facts |= {"user.name": user.name, "user.groups": tuple(sorted(group.name for group in user.groups))}
    elif name is not None:
        facts["user.name"] = name
    return facts


def _device_facts(session: Session, device: Device | None, name: str | None, now: int) -> dict[str, Value]:
    """As `describe_device` of the data plane."""
    if device is None:
        no: dict[str, Value] = {"device.shared_identity": False}
        unknown: dict[str, Value] = {"device.ownership": "unknown", **({"device.name": name} if name else {})}
        return {"device.known": False, "device.managed": False, "device.disabled": False, **no, **unknown}
    ownership = "managed" if device.managed else "byod" if device.owner else "unknown"
    facts: dict[str, Value] = {
        "device.known": True,
        "device.name": device.name,
        "device.managed": device.managed,
        "device.disabled": device.disabled,
        "device.ownership": ownership,
        "device.tags": tuple(sorted(tag.tag for tag in device.tags)),
        "device.shared_identity": _is_shared(session, device),
        **_posture_facts(session.get(PostureVerdict, device.id), device, now),
    }
    optional: dict[str, Value | None] = {"device.kind": device.kind, "device.owner": device.owner}
    return {**facts, **{fact: value for fact, value in optional.items() if value is not None}}


def _is_shared(session: Session, device: Device) -> bool:
    found = select(PostureFinding.id).where(PostureFinding.device_id == device.id, *open_shared_identity())
    return session.scalars(found).first() is not None


def _posture_facts(verdict: PostureVerdict | None, device: Device, now: int) -> dict[str, Value]:
    """As `describe_posture` of the data plane."""
    age: dict[str, Value] = {"posture.age": max(0, now - verdict.reported_at)} if verdict else {}
    expired = device.posture_expires_at is not None and device.posture_expires_at <= now
    if expired or device.posture_status is None:
        return {"posture.status": "unknown", "posture.freshness": "unknown", **age}
    if verdict is None:
        return {"posture.status": device.posture_status, "posture.freshness": "fresh"}
    stands = standing(device.name, verdict)
    return {
        "posture.status": device.posture_status,
        "posture.freshness": stands.lifetime.freshness(now),
        "posture.score": verdict.score,
        "posture.passed": stands.verdict.passed,
        "posture.failed": tuple(failure.check for failure in stands.verdict.failed),
        **age,
    }


def _dialect(session: Session, client: str) -> str | None:
    return session.scalars(select(Client.dialect).where(Client.key == fold(client))).one_or_none()


def _client_facts(session: Session, policy: Policy, name: str) -> dict[str, Value]:
    client = session.scalars(select(Client).where(Client.key == fold(name))).one_or_none()
    if client is None:
        raise not_found("client", name, session.scalars(select(Client.name)))
    site, region = site_and_region(policy, client.name, client.site)
    facts: dict[str, Value | None] = {"client.name": client.name, "client.site": site, "client.region": region}
    return {fact: value for fact, value in facts.items() if value is not None}
