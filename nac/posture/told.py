"""Refused reports, counted each and told as events: the first of a kind and source at once, later ones once in a while.

A flood of refusals costs the journal as much as its sources are many, and no more than `MAX_SOURCES` in `INTERVAL_S`.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import msgspec
import structlog

from nac.events.types import PostureRefusedEvent
from nac.posture.refusal import RefusedError, Word
from nac.posture.report import Signer

INTERVAL_S: Final = 60
"""Seconds between two events of one kind and source."""

MAX_SOURCES: Final = 4096
"""Kinds and sources that are told apart; what comes beyond them is counted and not told."""

MAX_DETAIL: Final = 500
MAX_NAMES: Final = 8
MAX_NAME: Final = 256
"""Characters, names of a certificate, and characters of each, that an event holds."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A report that was refused. `device`: on record, as far as it is known; `signer`: None without a certificate;
    `address`: where it came from."""

    error: RefusedError
    address: str
    signer: Signer | None = None
    device: str | None = None


@dataclass(frozen=True, slots=True)
class _Pending:
    newest: Refusal
    told_at: float
    count: int = 0


class Refusals:
    """May be used from several threads. `record` keeps an event (`DataPlane.record_event`)."""

    def __init__(self, record: Callable[[bytes], None], *, clock: Callable[[], float] = time.time) -> None:
        self._record = record
        self._clock = clock
        self._pending: dict[tuple[Word, str], _Pending] = {}
        self._counters: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._log = structlog.get_logger("nac.posture")

    def note(self, refusal: Refusal) -> None:
        """Count one, and tell of it if it is time to."""
        word, now = refusal.error.word, self._clock()
        key = (word, refusal.signer.fingerprint if refusal.signer else refusal.address)
        with self._lock:
            self._counters[word] += 1
            before = self._pending.get(key)
            if before is None:
                if len(self._pending) >= MAX_SOURCES:
                    self._forget_quiet(now)
                if len(self._pending) >= MAX_SOURCES:
                    return
                before = _Pending(refusal, now - INTERVAL_S)
            self._pending[key] = self._told(replace(before, newest=refusal, count=before.count + 1), now)

    def tell_due(self) -> None:
        """Tell what has been held back for long enough."""
        now = self._clock()
        with self._lock:
            for key, pending in self._pending.items():
                if pending.count:
                    self._pending[key] = self._told(pending, now)
            self._forget_quiet(now)

    def tell_all(self) -> None:
        """Tell whatever is held back: the end."""
        with self._lock:
            for pending in self._pending.values():
                if pending.count:
                    self._tell(pending, self._clock())
            self._pending.clear()

    def counters(self) -> dict[str, int]:
        """`posture.refused.WORD`."""
        with self._lock:
            return {f"posture.refused.{word}": count for word, count in self._counters.items()}

    def _told(self, pending: _Pending, now: float) -> _Pending:
        if abs(now - pending.told_at) < INTERVAL_S:
            return pending
        self._tell(pending, now)
        return _Pending(pending.newest, now)

    def _tell(self, pending: _Pending, now: float) -> None:
        refusal, signer = pending.newest, pending.newest.signer
        event = PostureRefusedEvent(
            id=secrets.token_hex(16),
            at=int(now * 1_000_000),
            word=refusal.error.word,
            detail=refusal.error.detail[:MAX_DETAIL],
            device=refusal.device,
            certificate=signer.fingerprint if signer else None,
            names=[name[:MAX_NAME] for name in signer.names[:MAX_NAMES]] if signer else [],
            address=refusal.address,
            count=pending.count,
        )
        self._record(msgspec.json.encode(event))
        self._log.warning("posture.refused", **{k: v for k, v in msgspec.to_builtins(event).items() if k != "type"})

    def _forget_quiet(self, now: float) -> None:
        quiet = [key for key, one in self._pending.items() if not one.count and abs(now - one.told_at) >= INTERVAL_S]
        for key in quiet:
            del self._pending[key]
