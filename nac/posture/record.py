"""What is on a device's record, as far as posture asks: read for many devices at once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy.orm import Session

from nac.db import bulk
from nac.db.schema import Device, DeviceCertificate, DeviceTag
from nac.identity.name import fold
from nac.policy.model import Value
from nac.posture.report import Signer

_DEVICES: Final = Device.metadata.tables["devices"]
_CERTIFICATES: Final = DeviceCertificate.metadata.tables["device_certificates"]
_TAGS: Final = DeviceTag.metadata.tables["device_tags"]
_COLUMNS: Final = ("id", "name", "key", "kind", "owner", "managed", "disabled")


@dataclass(frozen=True, slots=True)
class DeviceRecord:
    """A device; the columns of `nac.db.schema.Device`, and its tags in order."""

    id: int
    name: str
    key: str
    kind: str | None
    owner: str | None
    managed: bool
    disabled: bool
    tags: tuple[str, ...]

    @classmethod
    def of(cls, device: Device) -> DeviceRecord:
        """Of a device that is loaded already."""
        columns = {name: getattr(device, name) for name in _COLUMNS}
        return cls(**columns, tags=tuple(tag.tag for tag in device.tags))

    @property
    def facts(self) -> dict[str, Value]:
        """What the record says, as `describe_device` of the data plane does; what it does not say is missing."""
        ownership = "managed" if self.managed else "byod" if self.owner else "unknown"
        facts: dict[str, Value | None] = {
            "device.known": True,
            "device.name": self.name,
            "device.managed": self.managed,
            "device.disabled": self.disabled,
            "device.ownership": ownership,
            "device.tags": self.tags,
            "device.kind": self.kind,
            "device.owner": self.owner,
        }
        return {name: value for name, value in facts.items() if value is not None}


def by_ids(session: Session, ids: Collection[int]) -> list[DeviceRecord]:
    """Those of these devices that are on record."""
    return _with_tags(session, bulk.among(session, _DEVICES, _COLUMNS, "id", ids))


def devices_of(session: Session, signers: Iterable[Signer]) -> dict[str, DeviceRecord]:
    """The device of each signer by the signer's fingerprint, found as an EAP-TLS authentication finds it: by a bound
    certificate, else by the first name on record. Strangers are left out."""
    wanted = {signer.fingerprint: [fold(name) for name in signer.names] for signer in signers}
    ids = dict(bulk.among(session, _CERTIFICATES, ("fingerprint", "device_id"), "fingerprint", wanted))
    keys = {key for fingerprint, names in wanted.items() if fingerprint not in ids for key in names}
    rows = bulk.among(session, _DEVICES, _COLUMNS, "id", set(ids.values()))
    rows += bulk.among(session, _DEVICES, _COLUMNS, "key", keys)
    devices = _with_tags(session, rows)
    by_id, by_key = {one.id: one for one in devices}, {one.key: one for one in devices}
    found = {
        fingerprint: by_id.get(ids[fingerprint])
        if fingerprint in ids
        else next((by_key[key] for key in names if key in by_key), None)
        for fingerprint, names in wanted.items()
    }
    return {fingerprint: device for fingerprint, device in found.items() if device is not None}


def _with_tags(
    session: Session, rows: Sequence[tuple[int, str, str, str | None, str | None, int, int]]
) -> list[DeviceRecord]:
    tags: dict[int, list[str]] = {row[0]: [] for row in rows}
    for device_id, tag in bulk.among(session, _TAGS, ("device_id", "tag"), "device_id", tags):
        tags[device_id].append(tag)
    return [
        DeviceRecord(*row[:5], managed=bool(row[5]), disabled=bool(row[6]), tags=tuple(sorted(tags[row[0]])))
        for row in rows
    ]
