"""Notice that files have changed, by asking the file system now and then (no events to lose, works on any mount)."""

from __future__ import annotations

import glob
import os
from collections.abc import Sequence
from pathlib import Path

Fingerprint = frozenset[tuple[str, int, int, int]]
"""(path, mtime in ns, size, inode) of every file that exists."""


def fingerprint(patterns: Sequence[Path]) -> Fingerprint:
    """The state of the files that `patterns` name: files, folders (their direct entries) and `*` patterns.

    A missing file is simply not in it, so its appearing and vanishing are changes too.
    """
    return frozenset(
        (str(path), status.st_mtime_ns, status.st_size, status.st_ino)
        for pattern in patterns
        for path in _files(pattern)
        if (status := _status(path)) is not None
    )


class Watch:
    """Files under watch. Ask `changed` every few seconds, and read the files again when it says so."""

    def __init__(self, patterns: Sequence[Path]) -> None:
        self._patterns = tuple(patterns)
        self._seen = fingerprint(self._patterns)

    def changed(self) -> bool:
        """True once for each change since the last call, or since construction."""
        now = fingerprint(self._patterns)
        if now == self._seen:
            return False
        self._seen = now
        return True


def _files(pattern: Path) -> list[Path]:
    found = [Path(name) for name in glob.glob(str(pattern))] if glob.has_magic(str(pattern)) else [pattern]  # noqa: PTH207
    return [entry for path in found for entry in (sorted(path.iterdir()) if path.is_dir() else [path])]


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except OSError:
        return None
