"""The file tree that checks read: `/` on a device, any folder in a test.

Every reading is bounded, follows no device or pipe, and ends in text or in `Unreadable` with its reason.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Final

LONGEST: Final = 1024 * 1024
"""Octets of a file that are read, unless a check asks for less."""

MOST_LINES: Final = 65536
"""Lines of one table of the kernel that are read."""

MOST_NAMES: Final = 65536
"""Entries of one folder that are read."""


class UnreadableError(Exception):
    """Something could not be read; the text says what and why, and becomes the detail of an unknown finding."""


class MissingError(UnreadableError):
    """There is no such file or folder."""


@dataclass(frozen=True)
class Root:
    """A tree of files. Paths are written as on the device: absolute, with `/`."""

    folder: Path = Path("/")

    @cached_property
    def _prefix(self) -> str:
        return str(self.folder).rstrip("/")

    def at(self, path: str) -> str:
        """Where `path` of the device stands in this tree, as text: hundreds are looked at every two seconds."""
        return self._prefix + path

    def octets(self, path: str, limit: int = LONGEST) -> bytes:
        """The first `limit` octets of a file. Raises `UnreadableError`, `MissingError`."""
        try:
            descriptor = os.open(self.at(path), os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
        except OSError as error:
            raise _unreadable(path, error) from None
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise UnreadableError(f"{path}: not a file")
            return _read(descriptor, limit)
        except OSError as error:
            raise _unreadable(path, error) from None
        finally:
            os.close(descriptor)

    def text(self, path: str, limit: int = LONGEST) -> str:
        """The same as text; what is not UTF-8 shows as a replacement character."""
        return self.octets(path, limit).decode("utf-8", "replace")

    def tail(self, path: str, limit: int) -> str:
        """The last `limit` octets of a file as text, from the beginning of a line. Raises as `octets`."""
        try:
            with Path(self.at(path)).open("rb") as file:
                size = os.fstat(file.fileno()).st_size
                file.seek(max(0, size - limit))
                raw = file.read(limit)
        except OSError as error:
            raise _unreadable(path, error) from None
        return (raw if size <= limit else raw.partition(b"\n")[2]).decode("utf-8", "replace")

    def text_within(self, folder: str, path: str, limit: int = LONGEST) -> str:
        """A file of somebody's folder, of which no link leads out. Raises `UnreadableError`, `MissingError`."""
        real = Path(os.path.realpath(self.at(path)))
        if not real.is_relative_to(os.path.realpath(self.at(folder))):
            raise UnreadableError(f"{path}: leads out of {folder}")
        return self.text(path, limit)

    def lines(self, path: str) -> Iterator[str]:
        """The lines of a table of the kernel, as they are needed. Raises `UnreadableError`, `MissingError`."""
        try:
            with Path(self.at(path)).open(encoding="ascii", errors="replace") as table:
                yield from islice(table, MOST_LINES)
                if next(table, None) is not None:
                    raise UnreadableError(f"{path}: more than {MOST_LINES} lines")
        except OSError as error:
            raise _unreadable(path, error) from None

    def names(self, folder: str) -> tuple[str, ...]:
        """The names in a folder, sorted. Raises `UnreadableError`, `MissingError`."""
        try:
            with os.scandir(self.at(folder)) as entries:
                found = tuple(sorted(entry.name for entry in islice(entries, MOST_NAMES)))
                if next(entries, None) is not None:
                    raise UnreadableError(f"{folder}: more than {MOST_NAMES} names")
                return found
        except OSError as error:
            raise _unreadable(folder, error) from None

    def names_if_any(self, folder: str) -> tuple[str, ...]:
        """As `names`, but empty for a folder that does not exist. Raises `UnreadableError`."""
        try:
            return self.names(folder)
        except MissingError:
            return ()

    def exists(self, path: str) -> bool:
        """Whether something of that name can be seen."""
        return os.path.exists(self.at(path))  # noqa: PTH110  # for speed, see `at`

    def is_folder(self, path: str) -> bool:
        """Whether a folder of that name can be seen."""
        return Path(self.at(path)).is_dir()

    def link(self, path: str) -> str | None:
        """What a symbolic link says, None for what is none or cannot be read."""
        try:
            return os.readlink(self.at(path))  # noqa: PTH115  # for speed, see `at`
        except OSError:
            return None

    def status(self, path: str) -> os.stat_result:
        """Owner, mode, size and times. Raises `UnreadableError`, `MissingError`."""
        try:
            return os.stat(self.at(path))  # noqa: PTH116  # for speed, see `at`
        except OSError as error:
            raise _unreadable(path, error) from None


def _read(descriptor: int, limit: int) -> bytes:
    parts: list[bytes] = []
    while limit > 0 and (part := os.read(descriptor, min(limit, 65536))):
        parts.append(part)
        limit -= len(part)
    return b"".join(parts)


def _unreadable(path: str, error: OSError) -> UnreadableError:
    kind = MissingError if isinstance(error, FileNotFoundError | NotADirectoryError) else UnreadableError
    return kind(f"{path}: {(error.strerror or 'cannot be read').lower()}")
