"""How fast to catch up: how many records a transaction takes, and how long the drain lets others go first.

A backlog can wait; a login cannot. Priority alone does not settle it: a thread with little of it holds the database's
lock for long, and a database server on this machine knows nothing of it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

BATCH: Final = 4096
MOST: Final = 16384
"""Records in one transaction: at first, and at most when many wait. A commit costs as much as hundreds of them, and
what one session has in a batch is counted up before it is written; but other writers wait for its end, and it is held
in memory twice."""

TRANSACTION_S: Final = 1.0
"""How long a transaction may last: a fifth of what another writer waits for a lock."""

GATHER_S: Final = 0.1
"""Pause after a batch that was all there was: a few records cost nearly as much as many."""

BUSY: Final = 0.5
"""The share of the processors from which on the data plane counts as loaded."""

SHARE: Final = 0.1
"""Of the time, for catching up while it is loaded."""

LONGEST_S: Final = 5.0


@dataclass
class Pace:
    """Told of every batch, says what is next. `clock`: monotonic seconds; `others_s`: CPU seconds of this process so
    far, without those of the calling thread; `cores`: how many it may use."""

    clock: Callable[[], float] = time.monotonic
    others_s: Callable[[], float] = field(default=lambda: time.process_time() - time.thread_time())
    cores: int = field(default_factory=lambda: len(os.sched_getaffinity(0)))
    most: int = field(default=BATCH, init=False)
    _looked: tuple[float, float] | None = field(default=None, init=False)

    def stored(self, seconds: float, *, behind: bool, urgent: bool) -> float:
        """After a batch that took `seconds`; how long to pause now. `behind`: more waits. `urgent`: before long there
        will be no room for more."""
        if not behind:
            self._looked = None
            return GATHER_S
        if seconds > TRANSACTION_S:
            self.most = max(self.most // 2, BATCH)
        elif seconds < TRANSACTION_S / 2:
            self.most = min(self.most * 2, MOST)
        loaded = self._is_loaded()
        return min(seconds * (1 / SHARE - 1), LONGEST_S) if loaded and not urgent else 0.0

    def _is_loaded(self) -> bool:
        """Since the batch before."""
        before, now = self._looked, (self.clock(), self.others_s())
        self._looked = now
        return before is not None and now[1] - before[1] > BUSY * self.cores * (now[0] - before[0])
