"""How the kernel shares processors among the threads of a server."""

from __future__ import annotations

import os
from contextlib import suppress


def let_threads_finish() -> None:
    """From now on a thread of this process that wakes up does not interrupt another (Linux, SCHED_BATCH; sched(7)).

    A receiver that had a core to itself anyway wakes as fast as before. Where threads share one, a datagram no longer
    costs two switches in the middle of a handshake: the receiver takes what has gathered when the shard is done.
    Threads that are started later inherit this; where it is not allowed, nothing changes.
    """
    if hasattr(os, "SCHED_BATCH"):
        with suppress(PermissionError):
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
