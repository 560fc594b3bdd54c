"""Reports, verdicts and findings in the database. `Postures` works inside one transaction, as `nac.identity.devices`
does.

A verdict is written together with the status of its device and a new revision, so that every server learns of it
(`nac.identity.store`), and with the agent's sequence, so that a restart forgets neither.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, cast

import msgspec
from sqlalchemy import CursorResult, delete, func, select
from sqlalchemy.orm import Session

from nac.db import revision
from nac.db.schema import PostureChange, PostureFinding, PostureRefusal, PostureVerdict
from nac.identity.devices import RECORD_CHANGED
from nac.identity.store import SHARED_IDENTITY
from nac.policy.model import Policy
from nac.posture.findings import Finding, Findings, without_values
from nac.posture.freshness import Ages, Lifetime, ages, lifetime
from nac.posture.judge import Failure, Status, Verdict, applying, judge
from nac.posture.record import DeviceRecord
from nac.posture.refusal import RefusedError
from nac.posture.report import Listener, Report
from nac.posture.rows import AgentRow, ChangeRow, DeviceRow, FindingRow, Rows, VerdictRow
from nac.posture.sequence import Boot, CloneError, Known, take

AGENT: Final = "agent"
SHADOW_AI: Final = "shadow_ai"
REFUSED: Final = "refused_"

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
    """Postures as one transaction sees them; `now` in Unix seconds. `finish` writes what was done. `changed`: ids of
    devices whose facts became others.

    Nobody else writes devices meanwhile (`nac.db.revision.hold`): a verdict is judged by the record that stands when it
    is written.
    """

    def __init__(self, session: Session, rules: Rules, *, now: int) -> None:
        revision.hold(session)
        self._session = session
        self._rows = Rows(session)
        self._rules = rules
        self._now = now
        self._revision: int | None = None
        self.changed: set[int] = set()

    def prepare(self, devices: Iterable[DeviceRecord]) -> None:
        """Read at once what is stored of these devices: nothing about them needs a statement of its own then."""
        self._rows.read(device.id for device in devices)

    def finish(self) -> None:
        """Write all of it. Called once, at the end."""
        self._rows.write()

    # --- reports ---

    def take(self, device: DeviceRecord, report: Report, *, address: str) -> Standing:
        """Take a report that its device made, and judge it. Raises `RefusedError`: replayed, clone_suspected."""
        self.prepare((device,))
        agent = self._rows.agent(device.id)
        known = Known(tuple(_BOOTS.decode(agent.boots)) if agent else ())
        try:
            known = take(known, report.claims, now=self._now)
        except CloneError as clone:
            self.find(device, SHARED_IDENTITY, clone.detail)
            raise
        reporter = AgentRow(
            device_id=device.id,
            boots=_text(known.boots),
            certificate=report.signer.fingerprint,
            version=report.claims.swversion,
            platform=report.claims.nac.platform,
            address=address,
            seen_at=self._now,
        )
        self._rows.set_agent(device.id, reporter)
        self._look_for_shadow_ai(device, report.findings, report.claims.nac.listeners)
        return self.judge(device, report.findings, source=AGENT)

    def has_agent(self, device: DeviceRecord) -> bool:
        """Whether what an agent of its own reported still counts."""
        self.prepare((device,))
        row = self._rows.verdict(device.id)
        return row is not None and row.source == AGENT and row.expires_at > self._now

    def refuse(self, device: DeviceRecord, refused: RefusedError) -> None:
        """Remember that a report was refused. A clone has a finding of its own."""
        if not isinstance(refused, CloneError):
            self.find(device, REFUSED + refused.word, refused.detail)

    def judge(self, device: DeviceRecord, findings: Findings, *, source: str) -> Standing:
        """Judge what was just found on a device, by an agent or by whoever it is imported from."""
        return self._judge(device, findings, source=source, reported_at=self._now, why=f"report by {source}")

    def judge_again(self, device: DeviceRecord) -> Standing | None:
        """Judge the last report anew: a grace has ended, or the policy or the device's record is another. None when
        there is none that counts."""
        self.prepare((device,))
        row = self._rows.verdict(device.id)
        if row is None:
            return None
        if row.expires_at <= self._now:
            self._rows.set_verdict(replace(row, changes_at=None))
            return None
        findings = _FINDINGS.decode(row.findings)
        why = self._why_again(row.changes_at)
        return self._judge(device, findings, source=row.source, reported_at=row.reported_at, why=why)

    def _why_again(self, due_at: int | None) -> str:
        if due_at == RECORD_CHANGED:
            return "the record is another"
        return "a grace has ended" if due_at is not None and due_at <= self._now else "the policy is another"

    def _judge(self, device: DeviceRecord, findings: Findings, *, source: str, reported_at: int, why: str) -> Standing:
        self.prepare((device,))
        row = self._rows.verdict(device.id)
        earlier = _SINCE.decode(row.failing_since) if row else {}
        postures = applying(self._rules.postures, device.facts)
        verdict = judge(postures, findings, earlier, now=self._now)
        times = lifetime(reported_at, ages(postures.all, self._rules.ages))
        before = (row.status, row.score, _names(row.failed)) if row else None
        failed = ",".join(failure.check for failure in verdict.failed)
        if before != (verdict.status, verdict.score, failed):
            change = ChangeRow(device.id, self._now, verdict.status, verdict.score, failed, why)
            self._rows.add_change(change)
        judged = self._row(device, findings, verdict, times, source)
        if row != judged:
            self._rows.set_verdict(judged)
        if row is None or replace(row, findings=judged.findings, source=source) != judged:
            self._rows.set_device(DeviceRow(device.id, self._touch(device), verdict.status, times.expires_at))
        return Standing(device.name, verdict, times)

    def _row(
        self, device: DeviceRecord, findings: Findings, verdict: Verdict, times: Lifetime, source: str
    ) -> VerdictRow:
        return VerdictRow(
            device_id=device.id,
            status=verdict.status,
            score=verdict.score,
            passed=_text(verdict.passed),
            failed=_text(verdict.failed),
            failing_since=_text(verdict.failing_since),
            findings=_text(findings if self._rules.keep_values else without_values(findings)),
            source=source,
            reported_at=times.reported_at,
            fresh_until=times.fresh_until,
            ageing_until=times.ageing_until,
            expires_at=times.expires_at,
            changes_at=verdict.changes_at,
        )

    def _touch(self, device: DeviceRecord) -> int:
        """One new revision for all that this transaction changes."""
        if self._revision is None:
            self._revision = revision.bump(self._session)
        self.changed.add(device.id)
        return self._revision

    # --- findings ---

    def find(self, device: DeviceRecord, kind: str, evidence: str) -> None:
        """Open a finding, or count one that is open."""
        self.prepare((device,))
        found = self._rows.finding(device.id, kind)
        if found is None:
            found = FindingRow(None, device.id, kind, "", 0, self._now, self._now, None)
            if kind == SHARED_IDENTITY:
                self._rows.set_device(DeviceRow(device.id, self._touch(device)))
        evidence = evidence[:MAX_EVIDENCE]
        self._rows.set_finding(replace(found, evidence=evidence, count=found.count + 1, last_at=self._now))

    def clear(self, device: DeviceRecord, kind: str) -> bool:
        """Close an open finding; whether there was one. A shared identity starts anew with the next boot that
        reports."""
        self.prepare((device,))
        found = self._rows.finding(device.id, kind)
        if found is None:
            return False
        self._rows.set_finding(replace(found, cleared_at=self._now))
        if kind == SHARED_IDENTITY:
            self._rows.set_agent(device.id, None)
            self._rows.set_device(DeviceRow(device.id, self._touch(device)))
        return True

    def _look_for_shadow_ai(self, device: DeviceRecord, findings: Findings, listeners: Sequence[Listener]) -> None:
        said = [
            f"{name}: {', '.join(finding.value) if isinstance(finding.value, tuple) else finding.detail}"
            for name in ("rogue_notebook", "local_model_server")
            if (finding := findings.get(name)) and _is_found(finding)
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


def standing(device: str, row: PostureVerdict | VerdictRow) -> Standing:
    """Of a device by its name, as it was stored."""
    verdict = Verdict(
        status=_STATUS.decode(_text(row.status)),
        score=row.score,
        passed=tuple(_TEXTS.decode(row.passed)),
        failed=tuple(_FAILURES.decode(row.failed)),
        failing_since=_SINCE.decode(row.failing_since),
        changes_at=row.changes_at,
    )
    times = Lifetime(row.reported_at, row.fresh_until, row.ageing_until, row.expires_at)
    return Standing(device, verdict, times)


def stored_findings(row: PostureVerdict) -> dict[str, Finding]:
    """What the last report found."""
    return _FINDINGS.decode(row.findings)


def _names(failed: str) -> str:
    return ",".join(failure.check for failure in _FAILURES.decode(failed))


def _text(value: object) -> str:
    return msgspec.json.encode(value).decode()


def due(session: Session, *, now: int, most: int) -> Sequence[int]:
    """Ids of devices, at most `most`, that are to be judged anew at `now`: a grace has ended, or the record changed."""
    ended = select(PostureVerdict.device_id).where(PostureVerdict.changes_at <= now)
    return session.scalars(ended.order_by(PostureVerdict.changes_at).limit(most)).all()


def next_due(session: Session) -> int | None:
    """Unix seconds at which `due` has some."""
    return session.scalar(select(func.min(PostureVerdict.changes_at)))


def after(session: Session, device_id: int, most: int) -> Sequence[int]:
    """Ids of reported devices above `device_id` in order: to go through all of them in pieces."""
    ids = select(PostureVerdict.device_id).where(PostureVerdict.device_id > device_id)
    return session.scalars(ids.order_by(PostureVerdict.device_id).limit(most)).all()


def forget_older(session: Session, before: int) -> int:
    """Delete changes, refusals, and findings that are over, of before that time (Unix seconds). How many."""
    changes = session.execute(delete(PostureChange).where(PostureChange.at < before))
    refusals = session.execute(delete(PostureRefusal).where(PostureRefusal.at_us < before * 1_000_000))
    over = PostureFinding.cleared_at.is_not(None) | PostureFinding.kind.startswith(REFUSED, autoescape=True)
    findings = session.execute(delete(PostureFinding).where(PostureFinding.last_at < before, over))
    return sum(cast("CursorResult[Any]", done).rowcount for done in (changes, refusals, findings))
