"""How the kernel shares processors among the threads of a server."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from pathlib import Path


def let_threads_finish() -> None:
    """From now on a thread of this process that wakes up does not interrupt another (Linux, SCHED_BATCH; sched(7)).

    Threads that are started later inherit this; where it is not allowed, nothing changes. `let_interrupt` undoes it.
    """
    if hasattr(os, "SCHED_BATCH"):
        with suppress(PermissionError):
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))


def let_interrupt(*prefixes: str) -> None:
    """Threads of this process whose names begin so interrupt others again when they wake up (SCHED_OTHER).

    For those that somebody waits for: they would wait for a time slice of the others each time that they wake up.
    """
    for task in Path("/proc/self/task").glob("*"):
        with suppress(OSError):
            if (task / "comm").read_text().startswith(prefixes):
                os.sched_setscheduler(int(task.name), os.SCHED_OTHER, os.sched_param(0))


def let_me_interrupt() -> None:
    """The calling thread interrupts others when it wakes up: for one that mostly sleeps, but then is urgent."""
    if hasattr(os, "SCHED_OTHER"):
        with suppress(OSError):
            os.sched_setscheduler(threading.get_native_id(), os.SCHED_OTHER, os.sched_param(0))


def let_others_go_first() -> None:
    """The calling thread gets what others leave when all want to run (a nice value of 10; sched(7)).

    For work that can be made up for later, as draining the journal is.
    """
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)


def waited_s() -> float:
    """How long the calling thread was ready to run and did not, since it began, in seconds (Linux, /proc/*/schedstat).

    0.0 where the kernel does not count it.
    """
    with suppress(OSError, ValueError, IndexError):
        return int(Path("/proc/thread-self/schedstat").read_text().split()[1]) / 1e9
    return 0.0
