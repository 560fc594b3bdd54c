"""The thread that takes reports: verified, judged and stored in batches, then told to the data plane, then answered.

Whatever waits is taken together: one transaction and one batch of facts for all of it, so that a report alone is
answered at once and many cost less each. The same thread judges anew when a grace ends or the policy is another.
"""

from __future__ import annotations

import queue
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Final

import structlog
from sqlalchemy.orm import Session

from nac.db import Database
from nac.guard import Guard
from nac.identity.devices import RECORD_CHANGED
from nac.identity.store import SHARED_IDENTITY
from nac.posture import answer
from nac.posture.lookout import Lookout, strangers
from nac.posture.nonces import Nonces
from nac.posture.record import DeviceRecord, by_ids, devices_of
from nac.posture.refusal import RefusedError
from nac.posture.report import Report, Signer, verify
from nac.posture.store import Postures, Rules, Standing, after, due, next_due
from nac.posture.told import Refusal, Refusals
from nac.scheduling import let_me_interrupt

MAX_BATCH: Final = 256
"""Reports of one transaction: other writers wait for it, some 50 ms."""

MAX_WAITING: Final = 4096
"""Reports that wait; more are told to come later. 256 MiB if all were as large as they may be."""

REST: Final = 1.0
"""Seconds after something failed."""

LONGEST_SLEEP: Final = 60.0
"""Seconds without a look at graces: others write verdicts too, and the clock on the wall may be set."""

LOOKOUT_S: Final = 2.0
"""Seconds between two looks at logins and accounting."""

_NO_NONCE: Final = ("oversize", "malformed", "rate_limited", "revoked", "untrusted")
"""Refusals after which another nonce does not help."""


@dataclass(frozen=True, slots=True)
class Submission:
    """A report as it came. `done` is called with the HTTP status and body of the answer, on the assessing thread."""

    body: bytes
    signer: Signer
    address: str
    done: Callable[[int, bytes], None]


class _Wake:
    """Wakes the thread and asks for nothing by itself."""


class Assessment:
    """Runs from its construction until `close`. `rules`: what to judge by now; `publish`: brings the data plane's
    facts of devices, by their ids, to what the database says.
    """

    def __init__(
        self,
        database: Database,
        nonces: Nonces,
        *,
        rules: Callable[[], Rules],
        publish: Callable[[Collection[int]], None],
        refusals: Refusals,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._database = database
        self._nonces = nonces
        self._rules = rules
        self._publish = publish
        self._refusals = refusals
        self._clock = clock
        self._log = structlog.get_logger("nac.posture")
        self._guarded = Guard(self._log, prefix="posture.")
        self._waiting: queue.Queue[Submission | _Wake | None] = queue.Queue(MAX_WAITING)
        self._next_due = 0.0
        self._judged_to: int | None = 0  # the policy may have changed while nobody judged
        self._policy_changed = threading.Event()
        self._lookout = Lookout()
        self._look_at = 0.0
        self._counters: Counter[str] = Counter()
        self._thread = threading.Thread(target=self._run, name="nac-posture")
        self._thread.start()

    def submit(self, submission: Submission) -> None:
        """Raises `RefusedError` (unavailable) when too many wait."""
        try:
            self._waiting.put_nowait(submission)
        except queue.Full:
            raise RefusedError("unavailable", f"{MAX_WAITING:,} reports wait already") from None

    def policy_changed(self) -> None:
        """Judge every device anew, in pieces between reports. Never waits."""
        self._policy_changed.set()
        with suppress(queue.Full):
            self._waiting.put_nowait(_Wake())

    def judge_changed(self) -> None:
        """Judge anew the devices whose record was changed, before the data plane learns of the change; on the caller's
        thread, which has the facts told. At most `MAX_BATCH`: of more the rest is left to the thread. Raises
        `StorageError`."""
        with self._database.read() as session:
            ids = due(session, now=RECORD_CHANGED, most=MAX_BATCH)
        if ids:
            with self._database.write() as session:
                self._judge_again(session, ids, int(self._clock()))
            self._next_due = 0.0

    def counters(self) -> dict[str, int]:
        """`posture.accepted`, `posture.judged_again`."""
        return dict(self._counters)

    def close(self) -> None:
        """End after what waits is done."""
        self._waiting.put(None)
        self._thread.join()

    # --- the thread ---

    def _run(self) -> None:
        let_me_interrupt()
        running = True
        while running:
            items = self._gather()
            running = None not in items
            submissions = [item for item in items if isinstance(item, Submission)]
            if self._policy_changed.is_set():
                self._policy_changed.clear()
                self._judged_to = 0
            if submissions and not self._guarded("assess", partial(self._assess, submissions)):
                for submission in submissions:
                    self._refuse(submission, None, RefusedError("unavailable", "the report could not be stored"))
            self._guarded("look_out", self._look_out)
            self._guarded("graces", self._judge_due)
            self._guarded("policy", self._judge_piece)
            self._guarded("refusals", self._refusals.tell_due)
        self._guarded("refusals", self._refusals.tell_all)

    def _gather(self) -> list[Submission | _Wake | None]:
        """What waits, at least one unless it is time to judge."""
        items: list[Submission | _Wake | None] = []
        try:
            items.append(self._waiting.get(timeout=self._pause()))
            while len(items) < MAX_BATCH and items[-1] is not None:
                items.append(self._waiting.get_nowait())
        except queue.Empty:
            pass
        return items

    def _pause(self) -> float:
        rest = REST if self._guarded.failing else 0.0
        if self._judged_to is not None or self._lookout.behind:
            return rest
        return max(min(self._next_due - self._clock(), LOOKOUT_S), rest)

    # --- reports ---

    def _assess(self, submissions: Sequence[Submission]) -> None:
        now = int(self._clock())
        verified = [(submission, self._verified(submission, now)) for submission in submissions]
        outcomes: list[tuple[Submission, Standing | RefusedError]] = []
        with self._database.write() as session:
            postures = Postures(session, self._rules(), now=now)
            devices = devices_of(session, (submission.signer for submission in submissions))
            postures.prepare(devices.values())
            for submission, report in verified:
                device = devices.get(submission.signer.fingerprint)
                outcomes.append((submission, _taken(postures, device, report, submission.address)))
            postures.finish()
            changed = frozenset(postures.changed)
        self._publish(changed)
        for submission, outcome in outcomes:
            if isinstance(outcome, RefusedError):
                self._refuse(submission, devices.get(submission.signer.fingerprint), outcome)
            else:
                self._answer(submission, outcome, now)

    def _verified(self, submission: Submission, now: int) -> Report | RefusedError:
        """The report with its nonce used up."""
        try:
            report = verify(submission.body, submission.signer, now=now)
            nonce = self._nonces.take(submission.signer.fingerprint, report.claims.eat_nonce, now=now)
        except RefusedError as refused:
            return refused
        if nonce == "used":
            return RefusedError("replayed", "its nonce was used before")
        if nonce == "unknown":
            return RefusedError("stale_nonce", "its nonce was not given to this certificate, or too long ago")
        return report

    def _answer(self, submission: Submission, outcome: Standing, now: int) -> None:
        self._counters["posture.accepted"] += 1
        if (ends := outcome.verdict.changes_at) is not None:
            self._next_due = min(self._next_due, ends)
        nonce = self._nonces.give(submission.signer.fingerprint, now=now)
        submission.done(*answer.verdict(outcome, nonce))

    def _refuse(self, submission: Submission, device: DeviceRecord | None, refused: RefusedError) -> None:
        signer = submission.signer
        name = device.name if device is not None else None
        self._refusals.note(Refusal(refused, submission.address, signer, name))
        helps = refused.word not in _NO_NONCE
        nonce = self._nonces.give(signer.fingerprint, now=int(self._clock())) if helps else None
        submission.done(*answer.refusal(refused, nonce))

    # --- without a report ---

    def _look_out(self) -> None:
        """Whether logins or accounting show one certificate in two places."""
        if not self._lookout.behind and time.monotonic() < self._look_at:
            return
        self._look_at = time.monotonic() + LOOKOUT_S
        with self._database.read() as session:
            found = self._lookout.look(session)
        if not found:
            return
        with self._database.write() as session:
            postures = Postures(session, self._rules(), now=int(self._clock()))
            for device, evidence in strangers(session, found):
                postures.find(device, SHARED_IDENTITY, evidence.words)
                self._log.warning("posture.shared_identity", device=device.name, evidence=evidence.words)
            postures.finish()
            changed = frozenset(postures.changed)
        self._publish(changed)

    def _judge_due(self) -> None:
        """The devices of which a grace has ended, or whose record was changed."""
        now = int(self._clock())
        if now < self._next_due:
            return
        with self._database.read() as session:
            ids = due(session, now=now, most=MAX_BATCH)
        if ids:
            with self._database.write() as session:
                changed = self._judge_again(session, ids, now)
            self._publish(changed)
        self._look_ahead(now)

    def _look_ahead(self, now: int) -> None:
        """When to judge next; others may write verdicts too, so at the latest in a while."""
        with self._database.read() as session:
            ends = next_due(session)
        self._next_due = now + LONGEST_SLEEP if ends is None else min(ends, now + LONGEST_SLEEP)

    def _judge_piece(self) -> None:
        """The next devices after the policy changed."""
        if self._judged_to is None:
            return
        now = int(self._clock())
        with self._database.write() as session:
            ids = after(session, self._judged_to, MAX_BATCH)
            changed = self._judge_again(session, ids, now)
        self._publish(changed)
        self._judged_to = ids[-1] if ids else None
        self._next_due = 0.0

    def _judge_again(self, session: Session, ids: Collection[int], now: int) -> frozenset[int]:
        postures = Postures(session, self._rules(), now=now)
        devices = by_ids(session, ids)
        postures.prepare(devices)
        for device in devices:
            postures.judge_again(device)
        postures.finish()
        self._counters["posture.judged_again"] += len(ids)
        return frozenset(postures.changed)


def _taken(
    postures: Postures, device: DeviceRecord | None, report: Report | RefusedError, address: str
) -> Standing | RefusedError:
    """What became of a report; a refusal is remembered with its device."""
    if device is None:
        stranger = RefusedError("unknown_device", "no device has this certificate")
        return report if isinstance(report, RefusedError) else stranger
    try:
        if isinstance(report, RefusedError):
            raise report
        return postures.take(device, report, address=address)
    except RefusedError as refused:
        postures.refuse(device, refused)
        return refused
