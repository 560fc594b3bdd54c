"""The agent's folder: a counter that never goes back, what the server said last, what it could not be told."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from nac.agent.answer import Verdict
from nac.agent.missed import Missed
from nac.errors import ConflictError, PkiError, StorageError
from nac.pki.keystore import PRIVATE, PUBLIC, replace_file


class Status(msgspec.Struct, frozen=True):
    """What `nac agent status` shows. Times are Unix seconds; `trouble` is why the last report did not arrive."""

    delivered_at: int | None = None
    verdict: Verdict | None = None
    tried_at: int | None = None
    trouble: str = ""
    fix: str = ""
    missed: tuple[Missed, ...] = ()


class State:
    """The folder `report.state`. Only one agent may write to it: see `alone`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._counter = folder / "counter"
        self._status = folder / "status.json"

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other agents out, also a second one on the same device. Raises `ConflictError`, `StorageError`."""
        try:
            self._folder.mkdir(mode=0o755, parents=True, exist_ok=True)
            descriptor = os.open(self._folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE)
        except OSError as error:
            raise StorageError(
                f"{self._folder}: cannot be written: {error.strerror}",
                fix="run it as root, or name another folder (report.state)",
            ) from None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        except BlockingIOError:
            raise ConflictError(
                f"another agent works in {self._folder}", fix="it reports by itself: see `nac agent status`"
            ) from None
        finally:
            os.close(descriptor)

    def next_count(self, now: float) -> int:
        """A number above every earlier one, on the disk before it is returned. Raises `StorageError`.

        A folder that was lost begins at the time, so above what the server has seen.
        """
        count = max(self.last_count() + 1, int(now) if not self._counter.exists() else 0)
        self._write(self._counter, str(count).encode(), PRIVATE)
        return count

    def last_count(self) -> int:
        """The number of the last report, 0 without one."""
        try:
            return int(self._counter.read_bytes()[:20])
        except FileNotFoundError:
            return 0
        except (OSError, ValueError):
            raise StorageError(
                f"{self._counter}: holds no number", fix="delete it: the agent then goes on from the present time"
            ) from None

    def status(self) -> Status:
        """What was kept last; empty without a file, or with one that is none of ours. Raises `StorageError`."""
        try:
            return msgspec.json.decode(self._status.read_bytes(), type=Status)
        except (FileNotFoundError, msgspec.DecodeError):
            return Status()
        except OSError as error:
            raise StorageError(f"{self._status}: cannot be read: {error.strerror}", fix="run it as root") from None

    def keep(self, status: Status) -> None:
        """Replace what is kept; everyone on the device may read it. Raises `StorageError`."""
        self._write(self._status, msgspec.json.encode(status), PUBLIC)

    def _write(self, path: Path, content: bytes, mode: int) -> None:
        try:
            replace_file(path, content, mode=mode)
        except PkiError as error:
            raise StorageError(error.message, fix=error.fix) from None
