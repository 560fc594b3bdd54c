"""Devices: `Devices` reads and writes them inside one transaction, each write with its audit line and revision.

A device is found by its name or by one of its MAC addresses. A MAC address or certificate belongs to one device.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal, NewType

from msgspec import UNSET, UnsetType
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session, selectinload

from nac.db import audit, revision
from nac.db.schema import Device, DeviceCertificate, DeviceMac, DeviceTag, PostureVerdict, Tombstone
from nac.errors import ConflictError, NacError
from nac.identity.mac import MacAddress, MacAddressError
from nac.identity.name import Name, fold, not_found

Fingerprint = NewType("Fingerprint", str)
"""SHA-256 of a DER certificate, 64 lower-case hex digits."""

PostureStatus = Literal["healthy", "degraded", "unhealthy", "unknown"]

RECORD_CHANGED: Final = 0
"""When a device whose record was changed is to be judged anew (`PostureVerdict.changes_at`): at once."""

_SUGGESTED_FROM: Final = 5000
"""How many names are looked at for "did you mean"."""


class FingerprintError(NacError):
    """Text is not a SHA-256 fingerprint."""

    exit_code = 2


@dataclass(frozen=True)
class NewDevice:
    """What `Devices.add` takes. `owner` is a user's name."""

    name: Name
    macs: Sequence[MacAddress] = ()
    certificates: Sequence[Fingerprint] = ()
    kind: str | None = None
    owner: str | None = None
    managed: bool = False
    tags: Sequence[Name] = ()


@dataclass(frozen=True)
class DeviceChange:
    """What `Devices.change` sets; what is UNSET stays. None clears."""

    kind: str | UnsetType | None = UNSET
    owner: str | UnsetType | None = UNSET
    managed: bool | UnsetType = UNSET
    disabled: bool | UnsetType = UNSET
    add_macs: Sequence[MacAddress] = ()
    remove_macs: Sequence[MacAddress] = ()
    add_certificates: Sequence[Fingerprint] = ()
    remove_certificates: Sequence[Fingerprint] = ()
    add_tags: Sequence[Name] = ()
    remove_tags: Sequence[Name] = ()


class Devices:
    """Devices as one transaction sees them. `now` is in Unix seconds."""

    def __init__(self, session: Session, *, actor: audit.Actor, now: int) -> None:
        self._session = session
        self._actor = actor
        self._now = now

    def add(self, new: NewDevice) -> Device:
        """Add a device. Raises `ConflictError` when its name, a MAC address or a certificate is taken."""
        if self._by_key(new.name.key) is not None:
            raise ConflictError(f"device {new.name.text!r} exists already", fix="change it with `nac device set`")
        device = Device(
            name=new.name.text,
            key=new.name.key,
            kind=new.kind,
            owner=new.owner,
            managed=new.managed,
            disabled=False,
            created_at=self._now,
            revision=revision.bump(self._session),
        )
        self._session.add(device)
        self._session.flush()
        self._add_macs(device, new.macs)
        self._add_certificates(device, new.certificates)
        device.tags = [DeviceTag(tag=tag) for tag in sorted({tag.key for tag in new.tags})]
        self._session.execute(delete(Tombstone).where(Tombstone.kind == "device", Tombstone.key == new.name.key))
        self._record("device add", device, f"macs={[str(mac) for mac in new.macs]} owner={new.owner!r}")
        return device

    def get(self, name_or_mac: str) -> Device:
        """The device of this name or MAC address. Raises `NotFoundError`."""
        device = self._by_key(fold(name_or_mac.strip())) or self._by_mac(name_or_mac)
        if device is None:
            names = self._session.scalars(select(Device.name).limit(_SUGGESTED_FROM))
            raise not_found("device", name_or_mac, names)
        return device

    def find_any(self, names: Iterable[str]) -> Device | None:
        """The device of the first of these names and MAC addresses that is on record."""
        found = (self._by_key(fold(name.strip())) or self._by_mac(name) for name in names)
        return next((device for device in found if device is not None), None)

    def find(self, *, owner: str | None = None, tag: str | None = None) -> Sequence[Device]:
        """All devices by name; of one owner or with one tag if given."""
        query = (
            select(Device)
            .order_by(Device.key)
            .options(selectinload(Device.macs), selectinload(Device.tags), selectinload(Device.certificates))
        )
        if tag is not None:
            query = query.where(Device.tags.any(DeviceTag.tag == fold(tag)))
        devices = self._session.scalars(query).all()
        return [device for device in devices if owner is None or fold(device.owner or "") == fold(owner)]

    def change(self, name_or_mac: str, change: DeviceChange) -> Device:
        """Apply a change. Raises `NotFoundError`, or `ConflictError` when an address or certificate is taken."""
        device = self.get(name_or_mac)
        device.revision = revision.bump(self._session)
        fields = {
            field: value
            for field in ("kind", "owner", "managed", "disabled")
            if (value := getattr(change, field)) is not UNSET
        }
        for field, value in fields.items():
            setattr(device, field, value)
        self._remove_parts(device, change)
        self._add_macs(device, change.add_macs)
        self._add_certificates(device, change.add_certificates)
        if fields or change.add_tags or change.remove_tags:
            verdict = update(PostureVerdict).where(PostureVerdict.device_id == device.id)
            self._session.execute(verdict.values(changes_at=RECORD_CHANGED))
        present = {tag.tag for tag in device.tags}
        device.tags.extend(DeviceTag(tag=tag) for tag in sorted({tag.key for tag in change.add_tags} - present))
        self._record("device set", device, _summary(fields, change))
        return device

    def set_posture(self, name_or_mac: str, status: PostureStatus, *, expires_at: int | None) -> Device:
        """Set the posture status in place of what was reported, until the next report; after `expires_at` (Unix
        seconds) it reads as unknown. Raises `NotFoundError`."""
        device = self.get(name_or_mac)
        self._session.execute(delete(PostureVerdict).where(PostureVerdict.device_id == device.id))
        device.posture_status = status
        device.posture_expires_at = expires_at
        device.revision = revision.bump(self._session)
        self._record("device posture", device, f"status={status} expires_at={expires_at}")
        return device

    def remove(self, name_or_mac: str) -> str:
        """Remove a device and leave a tombstone; gives its name. Raises `NotFoundError`."""
        device = self.get(name_or_mac)
        stone = Tombstone(
            kind="device",
            key=device.key,
            name=device.name,
            revision=revision.bump(self._session),
            removed_at=self._now,
        )
        self._session.merge(stone)
        self._record("device remove", device, "")
        self._session.delete(device)
        return device.name

    def _by_key(self, key: str) -> Device | None:
        return self._session.scalars(select(Device).where(Device.key == key)).one_or_none()

    def _by_mac(self, text: str) -> Device | None:
        try:
            mac = MacAddress.parse(text)
        except MacAddressError:
            return None
        return self._session.scalars(select(Device).join(DeviceMac).where(DeviceMac.mac == mac.text)).one_or_none()

    def _add_macs(self, device: Device, macs: Iterable[MacAddress]) -> None:
        for mac in sorted(set(macs)):
            holder = self._by_mac(mac.text)
            if holder is None:
                device.macs.append(DeviceMac(mac=mac.text))
                self._session.flush()
            elif holder is not device:
                raise ConflictError(
                    f"{mac} belongs to device {holder.name!r}",
                    fix="remove it there first: `nac device set --remove-mac`",
                )

    def _add_certificates(self, device: Device, fingerprints: Iterable[Fingerprint]) -> None:
        for fingerprint in sorted(set(fingerprints)):
            held = self._session.get(DeviceCertificate, fingerprint)
            if held is None:
                device.certificates.append(DeviceCertificate(fingerprint=fingerprint))
                self._session.flush()
            elif held.device_id != device.id:
                raise ConflictError(
                    f"certificate {fingerprint[:16]}… is bound to another device",
                    fix="remove it there first: `nac device set --remove-certificate`",
                )

    def _remove_parts(self, device: Device, change: DeviceChange) -> None:
        macs = {mac.text for mac in change.remove_macs}
        tags = {tag.key for tag in change.remove_tags}
        device.macs = [mac for mac in device.macs if mac.mac not in macs]
        device.certificates = [c for c in device.certificates if c.fingerprint not in change.remove_certificates]
        device.tags = [tag for tag in device.tags if tag.tag not in tags]
        self._session.flush()

    def _record(self, action: str, device: Device, detail: str) -> None:
        audit.record(self._session, self._actor, action, device.name, detail)


def parse_fingerprint(text: str) -> Fingerprint:
    """Read a SHA-256 fingerprint, with or without colons. Raises `FingerprintError`."""
    digits = text.strip().replace(":", "").lower()
    if len(digits) != 64 or any(digit not in "0123456789abcdef" for digit in digits):
        raise FingerprintError(
            f"{text!r} is not a SHA-256 fingerprint",
            fix="64 hex digits, as `nac pki show` or `openssl x509 -fingerprint -sha256`",
        )
    return Fingerprint(digits)


def _summary(fields: dict[str, object], change: DeviceChange) -> str:
    """What was changed, for the audit line."""
    parts = [f"{field}={value!r}" for field, value in fields.items()]
    for field in ("macs", "certificates", "tags"):
        parts += [f"+{field}={item}" for item in getattr(change, f"add_{field}")]
        parts += [f"-{field}={item}" for item in getattr(change, f"remove_{field}")]
    return " ".join(parts)
