"""One process at a time works in a state folder: a server, or what must not be done beside one."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from nac.errors import ConflictError

_FILE: Final = ".lock"


def lock(state: Path) -> int:
    """Lock the folder until the returned descriptor is closed. Raises `ConflictError`."""
    descriptor = os.open(state / _FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise ConflictError(
            f"another server runs from {state}", fix="stop it, or give this one its own [server] state"
        ) from error
    return descriptor


@contextmanager
def state_locked(state: Path) -> Iterator[None]:
    """Lock it for a block, as `lock` does."""
    descriptor = lock(state)
    try:
        yield
    finally:
        os.close(descriptor)
