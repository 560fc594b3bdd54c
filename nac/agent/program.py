"""A program that is run for its answer: bounded in time and in what it says, without a terminal to ask questions on."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Final

SEARCHED: Final = r"C:\Windows\System32" if sys.platform == "win32" else "/usr/sbin:/usr/bin:/sbin:/bin"
"""Folders that only the administrator fills; the user's own PATH is not asked."""

LONGEST_COMPLAINT: Final = 64 * 1024
"""Octets of standard error that are kept."""

_LAST_WORDS_S: Final = 1.0
"""How long the end of a pipe may come after the end of its program."""


@dataclass(frozen=True)
class Answer:
    """What a program said on standard output and standard error, and its exit code; -9 when it was ended here.

    `said` is longer than was allowed when it said too much.
    """

    code: int
    said: bytes
    complaint: bytes


def find_program(name: str) -> str | None:
    """The path of a program of the system, None when it is not installed."""
    return shutil.which(name, path=SEARCHED)


def run_program(
    command: Sequence[str],
    environment: Mapping[str, str],
    *,
    patience_s: float,
    longest: int,
    told: bytes = b"",
    descriptors: Sequence[int] = (),
) -> Answer:
    """Run `command` (its path first) with `told` as its input (Linux only), in a session of its own.

    `longest`: octets of standard output; who says more, or takes longer than `patience_s`, is ended, with the processes
    that he began. `descriptors` stay open for him. Raises `OSError` when it cannot be started.
    """
    end = time.monotonic() + patience_s
    with (
        _written(told) as stdin,
        subprocess.Popen(
            command,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            bufsize=0,
            start_new_session=True,
            pass_fds=descriptors,
        ) as process,
    ):
        said, complaint = _Heard(process, process.stdout, longest), _Heard(process, process.stderr, None)
        try:
            said.join(max(0.0, end - time.monotonic()))
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, end - time.monotonic()))
        finally:
            _end(process)
        for heard in (said, complaint):
            heard.join(_LAST_WORDS_S)
    return Answer(process.returncode, bytes(said.octets), bytes(complaint.octets))


@contextlib.contextmanager
def _written(told: bytes) -> Iterator[int]:
    """A descriptor to read `told` from, in memory, so that nobody has to wait for who does not read it."""
    if not told:
        yield subprocess.DEVNULL
        return
    descriptor = os.memfd_create("told")
    try:
        os.write(descriptor, told)
        os.lseek(descriptor, 0, os.SEEK_SET)
        yield descriptor
    finally:
        os.close(descriptor)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the program and what it began, if something of it still runs."""
    if sys.platform == "win32":
        process.kill()
    else:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()


class _Heard(threading.Thread):
    """Reads a pipe to its end. After `limit` octets the program is ended; without a limit the rest is read and lost."""

    def __init__(self, process: subprocess.Popen[bytes], pipe: IO[bytes] | None, limit: int | None) -> None:
        super().__init__(name="heard", daemon=True)
        if pipe is None:
            raise AssertionError("Popen made the pipe it was asked for")
        self._process, self._pipe, self._limit = process, pipe, limit
        self.octets = bytearray()
        self.start()

    def run(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            while part := self._pipe.read(65536):
                if self._limit is None:
                    self.octets += part[: LONGEST_COMPLAINT - len(self.octets)]
                    continue
                self.octets += part[: self._limit + 1 - len(self.octets)]
                if len(self.octets) > self._limit:
                    self._process.kill()
                    return
