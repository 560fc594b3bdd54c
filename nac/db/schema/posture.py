"""How healthy devices are, and what their reports said."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from nac.db.schema.base import SERIAL, Base


class PostureVerdict(Base):
    """What the last report of a device came to. Its status and its end are the device's own columns.

    `findings`, `failed`, `failing_since` and `passed` are JSON (`nac.posture.store`); `source` is `agent` or who it was
    imported from; `changes_at`: when it is judged anew, because a grace ends then, or 0 because the record was changed.
    Times are Unix seconds.
    """

    __tablename__ = "posture_verdicts"

    device_id: Mapped[int] = mapped_column(
        ForeignKey("devices.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    status: Mapped[str]
    score: Mapped[int]
    passed: Mapped[str]
    failed: Mapped[str]
    failing_since: Mapped[str]
    findings: Mapped[str]
    source: Mapped[str]
    reported_at: Mapped[int]
    fresh_until: Mapped[int]
    ageing_until: Mapped[int]
    expires_at: Mapped[int]
    changes_at: Mapped[int | None] = mapped_column(index=True)


class PostureAgent(Base):
    """The boots of a device's agent (`nac.posture.sequence.Known`) as JSON, so that no report counts twice. `seen_at`:
    Unix seconds of its last report.
    """

    __tablename__ = "posture_agents"

    device_id: Mapped[int] = mapped_column(
        ForeignKey("devices.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    boots: Mapped[str]
    certificate: Mapped[str]
    version: Mapped[str]
    platform: Mapped[str]
    address: Mapped[str]
    seen_at: Mapped[int]


class PostureChange(Base):
    """A verdict that was another than the one before. `failed`: names of checks, joined by commas. At most so many are
    kept of each device (`nac.posture.store`)."""

    __tablename__ = "posture_changes"
    __table_args__ = (Index("ix_posture_changes_device_id_at", "device_id", "at"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(SERIAL, primary_key=True)
    device_id: Mapped[int] = mapped_column(ForeignKey("devices.id", ondelete="CASCADE"))
    at: Mapped[int] = mapped_column(index=True)
    status: Mapped[str]
    score: Mapped[int]
    failed: Mapped[str]
    why: Mapped[str]


class PostureFinding(Base):
    """Something about a device that people should look at. One row for each kind that is open, with the newest
    evidence.

    `kind`: `shared_identity`, `shadow_ai`, or `refused_` and why a report was. `count`: how often it was seen.
    """

    __tablename__ = "posture_findings"
    __table_args__ = (
        Index("ix_posture_findings_device_id_kind", "device_id", "kind"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(SERIAL, primary_key=True)
    device_id: Mapped[int] = mapped_column(ForeignKey("devices.id", ondelete="CASCADE"))
    kind: Mapped[str]
    evidence: Mapped[str]
    count: Mapped[int]
    first_at: Mapped[int]
    last_at: Mapped[int] = mapped_column(index=True)
    cleared_at: Mapped[int | None]


class PostureRefusal(Base):
    """One `PostureRefusedEvent`, whole in `event` (JSON): reports that were refused.

    `name`: the device, or of a stranger the first name in its certificate, case-folded; None without a certificate.
    """

    __tablename__ = "posture_refusals"
    __table_args__ = (Index("ix_posture_refusals_name_at_us", "name", "at_us"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    at_us: Mapped[int] = mapped_column(index=True)
    name: Mapped[str | None]
    event: Mapped[str]
