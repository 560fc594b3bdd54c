"""Which processor cores a server and its load may use, so that they do not take them from each other."""

from __future__ import annotations

import os


def split() -> tuple[frozenset[int] | None, frozenset[int] | None]:
    """(the server's, the load's): one core and the others; no pinning (None) on a single core."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        return None, None
    return frozenset(cores[:1]), frozenset(cores[1:])


def pinned(cores: frozenset[int] | None) -> list[str]:
    """What stands before a command that may use these cores alone (taskset replaces itself, the process id stays)."""
    return ["taskset", "-c", ",".join(map(str, sorted(cores)))] if cores else []
