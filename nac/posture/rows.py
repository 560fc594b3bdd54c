"""The rows of posture that one transaction reads and writes, for many devices in as many statements as for one.

SQLAlchemy's objects would cost a report ten milliseconds.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any, Final

from sqlalchemy import delete, text
from sqlalchemy.orm import Session

from nac.db import bulk
from nac.db.schema import Base

MAX_CHANGES: Final = 100
"""Changes of a verdict that are kept of each device: a device that flaps fills no disk."""

_TABLES: Final = Base.metadata.tables
_DEVICES, _VERDICTS, _AGENTS = _TABLES["devices"], _TABLES["posture_verdicts"], _TABLES["posture_agents"]
_CHANGES, _FINDINGS = _TABLES["posture_changes"], _TABLES["posture_findings"]


_FORGET_BEYOND: Final = text(
    "DELETE FROM posture_changes WHERE device_id = :device AND id <= "
    "(SELECT id FROM posture_changes WHERE device_id = :device ORDER BY id DESC LIMIT 1 OFFSET :kept)"
)


@dataclass(frozen=True, slots=True)
class VerdictRow:
    """As `nac.db.schema.PostureVerdict`."""

    device_id: int
    status: str
    score: int
    passed: str
    failed: str
    failing_since: str
    findings: str
    source: str
    reported_at: int
    fresh_until: int
    ageing_until: int
    expires_at: int
    changes_at: int | None


@dataclass(frozen=True, slots=True)
class AgentRow:
    """As `nac.db.schema.PostureAgent`."""

    device_id: int
    boots: str
    certificate: str
    version: str
    platform: str
    address: str
    seen_at: int


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """As `nac.db.schema.PostureChange`."""

    device_id: int
    at: int
    status: str
    score: int
    failed: str
    why: str


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """The columns of `nac.db.schema.Device` that posture sets; without a `status` the revision alone."""

    id: int
    revision: int
    status: str | None = None
    expires_at: int | None = None


@dataclass(frozen=True, slots=True)
class FindingRow:
    """As `nac.db.schema.PostureFinding`; `id` is None until it is stored."""

    id: int | None
    device_id: int
    kind: str
    evidence: str
    count: int
    first_at: int
    last_at: int
    cleared_at: int | None


class Rows:
    """What is stored of the devices that were read. Rows are changed by setting another one; `write` keeps them."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._verdicts: dict[int, VerdictRow | None] = {}
        self._agents: dict[int, AgentRow | None] = {}
        self._findings: dict[int, dict[str, FindingRow]] = {}
        self._set_verdicts: dict[int, VerdictRow] = {}
        self._set_agents: dict[int, AgentRow | None] = {}
        self._touched: dict[tuple[int, str, int], FindingRow] = {}
        self._changes: list[ChangeRow] = []
        self._devices: dict[int, DeviceRow] = {}

    def read(self, ids: Iterable[int]) -> None:
        """What is stored of these devices, unless it was read before."""
        new = set(ids) - self._verdicts.keys()
        if not new:
            return
        self._verdicts |= dict.fromkeys(new)
        self._agents |= dict.fromkeys(new)
        self._findings |= {one: {} for one in new}
        for row in bulk.among(self._session, _VERDICTS, _COLUMNS[VerdictRow], "device_id", new):
            self._verdicts[row[0]] = VerdictRow(*row)
        for row in bulk.among(self._session, _AGENTS, _COLUMNS[AgentRow], "device_id", new):
            self._agents[row[0]] = AgentRow(*row)
        is_open = "cleared_at IS NULL"
        for row in bulk.among(self._session, _FINDINGS, _COLUMNS[FindingRow], "device_id", new, where=is_open):
            finding = FindingRow(*row)
            self._findings[finding.device_id][finding.kind] = finding

    def verdict(self, device_id: int) -> VerdictRow | None:
        """Of a device that was read."""
        return self._verdicts[device_id]

    def agent(self, device_id: int) -> AgentRow | None:
        """Of a device that was read."""
        return self._agents[device_id]

    def finding(self, device_id: int, kind: str) -> FindingRow | None:
        """The open one of a device that was read."""
        return self._findings[device_id].get(kind)

    def set_verdict(self, row: VerdictRow) -> None:
        """In place of what the device had."""
        self._verdicts[row.device_id] = self._set_verdicts[row.device_id] = row

    def set_agent(self, device_id: int, row: AgentRow | None) -> None:
        """In place of what the device had; None forgets it."""
        self._agents[device_id] = self._set_agents[device_id] = row

    def set_finding(self, row: FindingRow) -> None:
        """A new one, or one that was read and is another now; one that is cleared is open no more."""
        self._touched[row.device_id, row.kind, row.first_at] = row
        of_device = self._findings[row.device_id]
        if row.cleared_at is None:
            of_device[row.kind] = row
        else:
            of_device.pop(row.kind, None)

    def add_change(self, row: ChangeRow) -> None:
        """What became of a verdict."""
        self._changes.append(row)

    def set_device(self, row: DeviceRow) -> None:
        """What the device's own columns are to say; a status of None leaves those of a status as they are."""
        before = self._devices.get(row.id)
        self._devices[row.id] = before if before is not None and row.status is None else row

    def write(self) -> None:
        """Everything that was set. Called once, at the end."""
        session, devices = self._session, self._devices.values()
        bulk.upsert(session, _VERDICTS, _COLUMNS[VerdictRow], _tuples(self._set_verdicts.values()), _SET_VERDICT)
        agents = [row for row in self._set_agents.values() if row is not None]
        bulk.upsert(session, _AGENTS, _COLUMNS[AgentRow], _tuples(agents), _SET_AGENT)
        gone = [device_id for device_id, row in self._set_agents.items() if row is None]
        if gone:
            session.execute(delete(_AGENTS).where(_AGENTS.c.device_id.in_(gone)))
        judged = [(row.id, row.status, row.expires_at, row.revision) for row in devices if row.status is not None]
        bulk.change(session, _DEVICES, "id", ("posture_status", "posture_expires_at", "revision"), judged)
        bulk.change(session, _DEVICES, "id", ("revision",), [(d.id, d.revision) for d in devices if d.status is None])
        self._write_findings()
        self._write_changes()

    def _write_findings(self) -> None:
        new = [row for row in self._touched.values() if row.id is None]
        known = [row for row in self._touched.values() if row.id is not None]
        bulk.append(self._session, _FINDINGS, _COLUMNS[FindingRow][1:], [row[1:] for row in _tuples(new)])
        columns = ("evidence", "count", "last_at", "cleared_at")
        rows = [(row.id, row.evidence, row.count, row.last_at, row.cleared_at) for row in known]
        bulk.change(self._session, _FINDINGS, "id", columns, rows)

    def _write_changes(self) -> None:
        if not self._changes:
            return
        bulk.append(self._session, _CHANGES, _COLUMNS[ChangeRow], _tuples(self._changes))
        devices = {row.device_id for row in self._changes}
        self._session.execute(_FORGET_BEYOND, [{"device": one, "kept": MAX_CHANGES} for one in devices])


def _tuples(rows: Iterable[Any]) -> list[bulk.Row]:
    return [tuple([getattr(row, name) for name in _COLUMNS[type(row)]]) for row in rows]


def _excluded(kind: type[Any]) -> str:
    return ", ".join(f"{name} = excluded.{name}" for name in _COLUMNS[kind][1:])


_COLUMNS: Final[dict[type[Any], tuple[str, ...]]] = {
    kind: tuple(one.name for one in fields(kind)) for kind in (VerdictRow, AgentRow, ChangeRow, FindingRow)
}
_SET_VERDICT: Final = _excluded(VerdictRow)
_SET_AGENT: Final = _excluded(AgentRow)
