"""How fast to catch up: how many records a transaction takes, and how long the drain lets others go first.

A backlog can wait; a login cannot. Priority alone does not settle it: a thread with little of it holds the database's
lock for long, and a database server on this machine knows nothing of it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from nac import scheduling

BATCH: Final = 4096
MOST: Final = 16384
"""Records in one transaction: at first, and at most when many wait. A commit costs as much as hundreds of them, and
what one session has in a batch is counted up before it is written; but other writers wait for its end, and it is held
in memory twice."""

TRANSACTION_S: Final = 1.0
"""How long a transaction may last: a fifth of what another writer waits for a lock."""

GATHER_S: Final = 0.25
"""Pause after a batch that was all there was: a few records cost nearly as much as some hundred."""

CROWDED: Final = 0.2
"""The drain has waited for a processor during this share of a batch: others want all that there are."""

SHARE: Final = 0.2
"""Of the time, for catching up while it is crowded."""

LONGEST_S: Final = 5.0


class Pace:
    """Told of every batch, says what is next. `clock`: monotonic seconds; `waited`: seconds so far for which the
    calling thread waited for a processor, as one that lets others go first does when there are too few."""

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, waited: Callable[[], float] = scheduling.waited_s
    ) -> None:
        self.most = BATCH
        self._clock = clock
        self._waited = waited
        self._began = (0.0, 0.0)

    def begin(self) -> None:
        """A batch is about to be stored."""
        self._began = (self._clock(), self._waited())

    def end(self, *, behind: bool, urgent: bool) -> float:
        """It is stored; how many seconds to pause. `behind`: more waits already. `urgent`: soon there is no room."""
        if not behind:
            return GATHER_S
        took, waited = self._clock() - self._began[0], self._waited() - self._began[1]
        if took > TRANSACTION_S:
            self.most = max(self.most // 2, BATCH)
        elif took < TRANSACTION_S / 2:
            self.most = min(self.most * 2, MOST)
        if urgent or waited < CROWDED * took:
            return 0.0
        return min(took * (1 / SHARE - 1), LONGEST_S)
