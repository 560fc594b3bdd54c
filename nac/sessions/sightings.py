"""Where devices were seen: behind which MAC addresses, at which clients. Phones make addresses up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Table, or_, select
from sqlalchemy.orm import Session

from nac.db import bulk
from nac.db.schema import Base, Device, Sighting

_TABLE: Final[Table] = Base.metadata.tables["sightings"]
_COLUMNS: Final = ("device", "certificate", "mac", "client", "first_us", "last_us")
_WIDEN: Final = ", ".join(
    f"{column} = CASE WHEN excluded.{column} {than} sightings.{column} "
    f"THEN excluded.{column} ELSE sightings.{column} END"
    for column, than in (("first_us", "<"), ("last_us", ">"))
)


@dataclass(frozen=True)
class SightingSummary:
    """A MAC address at a client. Unix seconds; `certificate` is None for one that was let in by its address."""

    mac: str
    client: str
    certificate: str | None
    first_at: int
    last_at: int


def note(session: Session, rows: bulk.Rows) -> None:
    """Widen the sightings by these, each place once. The same twice changes nothing."""
    bulk.upsert(session, _TABLE, _COLUMNS, rows, _WIDEN)


def of_device(session: Session, device: Device) -> list[SightingSummary]:
    """Where a device was seen, the newest first: by its name, its certificates and its MAC addresses."""
    certificates = [certificate.fingerprint for certificate in device.certificates]
    macs = [mac.mac for mac in device.macs]
    its_own = or_(Sighting.device == device.key, Sighting.certificate.in_(certificates), Sighting.mac.in_(macs))
    rows = session.scalars(select(Sighting).where(its_own).order_by(Sighting.last_us.desc(), Sighting.mac)).all()
    return [
        SightingSummary(
            mac=row.mac,
            client=row.client,
            certificate=row.certificate or None,
            first_at=row.first_us // 1_000_000,
            last_at=row.last_us // 1_000_000,
        )
        for row in rows
    ]
