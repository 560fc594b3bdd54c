"""Reports, verdicts and findings in the database. `Postures` works inside one transaction, as `nac.identity.devices`
does.

A verdict is written together with the status of its device and a new revision, so that every server learns of it
(`nac.identity.store`), and with the agent's sequence, so that a restart forgets neither.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session, selectinload

from nac.db import revision
from nac.db.schema import Device, DeviceCertificate, PostureAgent, PostureChange, PostureFinding, PostureVerdict
from nac.identity.name import fold
from nac.identity.store import SHARED_IDENTITY
from nac.policy.model import Policy, Value
from nac.posture.findings import Finding, Findings, without_values
from nac.posture.freshness import Ages, Lifetime, ages, lifetime
from nac.posture.judge import Failure, Status, Verdict, applying, judge
from nac.posture.refusal import RefusedError
from nac.posture.report import Listener, Report, Signer
from nac.posture.sequence import Boot, CloneError, Known, take

AGENT: Final = "agent"
SHADOW_AI: Final = "shadow_ai"
REFUSED: Final = "refused_"

MAX_CHANGES: Final = 100
"""Changes of a verdict that are kept of each device: a device that flaps fills no disk."""

MAX_EVIDENCE: Final = 500
"""Characters."""

_LOOPBACK: Final = ("127.", "::1", "localhost")

_BOOTS: Final = msgspec.json.Decoder(list[Boot])
_FINDINGS: Final = msgspec.json.Decoder(dict[str, Finding])
_FAILURES: Final = msgspec.json.Decoder(list[Failure])
_SINCE: Final = msgspec.json.Decoder(dict[str, int])
_STATUS: Final = msgspec.json.Decoder(Status)
_TEXTS: Final = msgspec.json.Decoder(list[str])


@dataclass(frozen=True, slots=True)
class Rules:
    """What reports are judged by. `postures`: a policy's postures and personas; `ages`: where a posture says nothing
    else; `keep_values`: whether what was found on a device is kept, or only whether it passed.
    """

    postures: Policy
    ages: Ages
    keep_values: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """How a device stands: the verdict with its times."""

    device: str
    verdict: Verdict
    lifetime: Lifetime


class Postures:
    """Postures as one transaction sees them; `now` in Unix seconds. `changed`: ids of devices whose facts became
    others."""

    def __init__(self, session: Session, rules: Rules, *, now: int) -> None:
        self._session = session
        self._rules = rules
        self._now = now
        self._revision: int | None = None
        self._verdicts: dict[int, PostureVerdict | None] = {}
        self._agents: dict[int, PostureAgent | None] = {}
        self._findings: dict[int, dict[str, PostureFinding]] = {}
        self._flapping: set[int] = set()
        self.changed: set[int] = set()

    # --- devices ---

    def devices_of(self, signers: Iterable[Signer]) -> dict[str, Device]:
        """The device of each signer by the signer's fingerprint, found as an EAP-TLS authentication finds it: by a
        bound certificate, else by the first name on record. Strangers are left out."""
        wanted = {signer.fingerprint: [fold(name) for name in signer.names] for signer in signers}
        bound = select(DeviceCertificate.fingerprint, DeviceCertificate.device_id)
        rows = self._session.execute(bound.where(DeviceCertificate.fingerprint.in_(wanted)))
        ids = {row.fingerprint: row.device_id for row in rows}
        keys = {key for names in wanted.values() for key in names}
        named = select(Device).where(Device.key.in_(keys) | Device.id.in_(ids.values()))
        devices = self._session.scalars(named.options(selectinload(Device.tags))).all()
        by_id, by_key = {one.id: one for one in devices}, {one.key: one for one in devices}
        found = {
            fingerprint: by_id.get(ids[fingerprint])
            if fingerprint in ids
            else next((by_key[key] for key in names if key in by_key), None)
            for fingerprint, names in wanted.items()
        }
        return {fingerprint: device for fingerprint, device in found.items() if device is not None}

    def prepare(self, devices: Iterable[Device]) -> None:
        """Read at once what is stored of these devices: nothing about them needs a statement of its own then."""
        ids = {device.id for device in devices} - self._verdicts.keys()
        if not ids:
            return
        self._verdicts |= dict.fromkeys(ids)
        self._agents |= dict.fromkeys(ids)
        self._findings |= {one: {} for one in ids}
        for verdict in self._session.scalars(select(PostureVerdict).where(PostureVerdict.device_id.in_(ids))):
            self._verdicts[verdict.device_id] = verdict
        for agent in self._session.scalars(select(PostureAgent).where(PostureAgent.device_id.in_(ids))):
            self._agents[agent.device_id] = agent
        open_ones = select(PostureFinding).where(PostureFinding.device_id.in_(ids), PostureFinding.cleared_at.is_(None))
        for finding in self._session.scalars(open_ones):
            self._findings[finding.device_id][finding.kind] = finding

    def finish(self) -> None:
        """Forget the changes beyond `MAX_CHANGES` of the devices that were judged."""
        if not self._flapping:
            return
        self._session.flush()
        newest_first = func.row_number().over(partition_by=PostureChange.device_id, order_by=PostureChange.id.desc())
        of_devices = PostureChange.device_id.in_(self._flapping)
        numbered = select(PostureChange.id, newest_first.label("place")).where(of_devices).subquery()
        beyond = select(numbered.c.id).where(numbered.c.place > MAX_CHANGES)
        self._session.execute(
            delete(PostureChange).where(PostureChange.id.in_(beyond)), execution_options={"synchronize_session": False}
        )

    # --- reports ---

    def take(self, device: Device, report: Report, *, address: str) -> Standing:
        """Take a report that its device made, and judge it. Raises `RefusedError`: replayed, clone_suspected."""
        self.prepare((device,))
        agent = self._agents[device.id]
        known = Known(tuple(_BOOTS.decode(agent.boots)) if agent else ())
        try:
            known = take(known, report.claims, now=self._now)
        except CloneError as clone:
            self.find(device, SHARED_IDENTITY, clone.detail)
            raise
        if agent is None:
            agent = self._agents[device.id] = PostureAgent(device_id=device.id)
            self._session.add(agent)
        agent.boots = _text(known.boots)
        agent.certificate = report.signer.fingerprint
        agent.version = report.claims.swversion
        agent.platform = report.claims.nac.platform
        agent.address = address
        agent.seen_at = self._now
        self._look_for_shadow_ai(device, report.findings, report.claims.nac.listeners)
        return self.judge(device, report.findings, source=AGENT)

    def has_agent(self, device: Device) -> bool:
        """Whether what an agent of its own reported still counts."""
        self.prepare((device,))
        row = self._verdicts[device.id]
        return row is not None and row.source == AGENT and row.expires_at > self._now

    def refuse(self, device: Device, refused: RefusedError) -> None:
        """Remember that a report was refused. A clone has a finding of its own."""
        if not isinstance(refused, CloneError):
            self.find(device, REFUSED + refused.word, refused.detail)

    def judge(self, device: Device, findings: Findings, *, source: str) -> Standing:
        """Judge what was just found on a device, by an agent or by whoever it is imported from."""
        return self._judge(device, findings, source=source, reported_at=self._now, why=f"report by {source}")

    def judge_again(self, device: Device, *, why: str) -> Standing | None:
        """Judge the last report anew: a grace has ended, or the policy is another. None when there is none."""
        self.prepare((device,))
        row = self._verdicts[device.id]
        if row is None:
            return None
        if row.expires_at <= self._now:
            row.changes_at = None
            return None
        findings = _FINDINGS.decode(row.findings)
        return self._judge(device, findings, source=row.source, reported_at=row.reported_at, why=why)

    def _judge(self, device: Device, findings: Findings, *, source: str, reported_at: int, why: str) -> Standing:
        self.prepare((device,))
        row = self._verdicts[device.id]
        earlier = _SINCE.decode(row.failing_since) if row else {}
        postures = applying(self._rules.postures, device_facts(device))
        verdict = judge(postures, findings, earlier, now=self._now)
        times = lifetime(reported_at, ages(postures.all, self._rules.ages))
        before = (row.status, row.score, _names(row.failed)) if row else None
        failed = ",".join(failure.check for failure in verdict.failed)
        if before != (verdict.status, verdict.score, failed):
            self._remember_change(device, verdict, failed, why)
        if row is None:
            row = self._verdicts[device.id] = PostureVerdict(device_id=device.id)
            self._session.add(row)
        elif (verdict, times) == _stored(row):
            return Standing(device.name, verdict, times)
        self._write(row, verdict, times)
        row.findings = _text(findings if self._rules.keep_values else without_values(findings))
        row.source = source
        device.posture_status = verdict.status
        device.posture_expires_at = times.expires_at
        self._touch(device)
        return Standing(device.name, verdict, times)

    def _write(self, row: PostureVerdict, verdict: Verdict, times: Lifetime) -> None:
        row.status, row.score = verdict.status, verdict.score
        row.passed, row.failed = _text(verdict.passed), _text(verdict.failed)
        row.failing_since = _text(verdict.failing_since)
        row.changes_at = verdict.changes_at
        row.reported_at, row.fresh_until = times.reported_at, times.fresh_until
        row.ageing_until, row.expires_at = times.ageing_until, times.expires_at

    def _remember_change(self, device: Device, verdict: Verdict, failed: str, why: str) -> None:
        self._flapping.add(device.id)
        self._session.add(
            PostureChange(
                device_id=device.id, at=self._now, status=verdict.status, score=verdict.score, failed=failed, why=why
            )
        )

    def _touch(self, device: Device) -> None:
        """One new revision for all that this transaction changes."""
        if self._revision is None:
            self._revision = revision.bump(self._session)
        device.revision = self._revision
        self.changed.add(device.id)

    # --- findings ---

    def find(self, device: Device, kind: str, evidence: str) -> None:
        """Open a finding, or count one that is open."""
        self.prepare((device,))
        found = self._findings[device.id].get(kind)
        if found is None:
            found = PostureFinding(device_id=device.id, kind=kind, count=0, first_at=self._now, evidence="", last_at=0)
            self._findings[device.id][kind] = found
            self._session.add(found)
            if kind == SHARED_IDENTITY:
                self._touch(device)
        found.count += 1
        found.last_at = self._now
        found.evidence = evidence[:MAX_EVIDENCE]

    def clear(self, device: Device, kind: str) -> bool:
        """Close an open finding; whether there was one. A shared identity starts anew with the next boot that
        reports."""
        self.prepare((device,))
        found = self._findings[device.id].pop(kind, None)
        if found is None:
            return False
        found.cleared_at = self._now
        if kind == SHARED_IDENTITY:
            if (agent := self._agents[device.id]) is not None:
                self._session.delete(agent)
                self._agents[device.id] = None
            self._touch(device)
        return True

    def _look_for_shadow_ai(self, device: Device, findings: Findings, listeners: Sequence[Listener]) -> None:
        said = [
            f"{name}: {', '.join(finding.value) if isinstance(finding.value, tuple) else finding.detail}"
            for name in ("rogue_notebook", "local_model_server")
            if (finding := findings.get(name)) and finding.result != "unknown" and _is_found(finding)
        ]
        said += [
            f"{one.kind} {one.process} on {one.address}:{one.port}"
            for one in listeners
            if one.kind != "other" and not one.address.startswith(_LOOPBACK)
        ]
        if said:
            self.find(device, SHADOW_AI, "; ".join(said))
        else:
            self.clear(device, SHADOW_AI)


def _is_found(finding: Finding) -> bool:
    return bool(finding.value) if isinstance(finding.value, tuple) else finding.result == "fail"


def device_facts(device: Device) -> dict[str, Value]:
    """What the record says, as `describe_device` of the data plane does; what it does not say is missing."""
    ownership = "managed" if device.managed else "byod" if device.owner else "unknown"
    facts: dict[str, Value | None] = {
        "device.known": True,
        "device.name": device.name,
        "device.managed": device.managed,
        "device.disabled": device.disabled,
        "device.ownership": ownership,
        "device.tags": tuple(tag.tag for tag in device.tags),
        "device.kind": device.kind,
        "device.owner": device.owner,
    }
    return {name: value for name, value in facts.items() if value is not None}


def standing(device: Device, row: PostureVerdict) -> Standing:
    """As it was stored."""
    verdict, times = _stored(row)
    return Standing(device.name, verdict, times)


def stored_findings(row: PostureVerdict) -> dict[str, Finding]:
    """What the last report found."""
    return _FINDINGS.decode(row.findings)


def _stored(row: PostureVerdict) -> tuple[Verdict, Lifetime]:
    verdict = Verdict(
        status=_STATUS.decode(_text(row.status)),
        score=row.score,
        passed=tuple(_TEXTS.decode(row.passed)),
        failed=tuple(_FAILURES.decode(row.failed)),
        failing_since=_SINCE.decode(row.failing_since),
        changes_at=row.changes_at,
    )
    return verdict, Lifetime(row.reported_at, row.fresh_until, row.ageing_until, row.expires_at)


def _names(failed: str) -> str:
    return ",".join(failure.check for failure in _FAILURES.decode(failed))


def _text(value: object) -> str:
    return msgspec.json.encode(value).decode()


def due(session: Session, *, now: int, most: int) -> Sequence[int]:
    """Ids of devices of which a grace has ended at `now`, at most `most`."""
    ended = select(PostureVerdict.device_id).where(PostureVerdict.changes_at <= now)
    return session.scalars(ended.order_by(PostureVerdict.changes_at).limit(most)).all()


def next_due(session: Session) -> int | None:
    """Unix seconds at which the next grace ends."""
    return session.scalar(select(func.min(PostureVerdict.changes_at)))


def after(session: Session, device_id: int, most: int) -> Sequence[int]:
    """Ids of reported devices above `device_id` in order: to go through all of them in pieces."""
    ids = select(PostureVerdict.device_id).where(PostureVerdict.device_id > device_id)
    return session.scalars(ids.order_by(PostureVerdict.device_id).limit(most)).all()


def by_ids(session: Session, ids: Collection[int]) -> Sequence[Device]:
    """Devices with their tags."""
    return session.scalars(select(Device).where(Device.id.in_(ids)).options(selectinload(Device.tags))).all()


def forget_older(session: Session, before: int) -> int:
    """Delete changes, and findings that were last seen or cleared, before that time (Unix seconds). How many."""
    changes = session.execute(delete(PostureChange).where(PostureChange.at < before))
    over = PostureFinding.cleared_at.is_not(None) | PostureFinding.kind.startswith(REFUSED, autoescape=True)
    findings = session.execute(delete(PostureFinding).where(PostureFinding.last_at < before, over))
    return int(changes.rowcount) + int(findings.rowcount)  # type: ignore[attr-defined]
