"""The programs that checks may ask, where no file tells the same."""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import subprocess
import sys
import time
from typing import Final, Protocol

SEARCHED: Final = r"C:\Windows\System32" if sys.platform == "win32" else "/usr/sbin:/usr/bin:/sbin:/bin"
"""Folders that only the administrator fills; the user's own PATH is not asked."""

PATIENCE_S: Final = 10.0
LONGEST_ANSWER: Final = 4 * 1024 * 1024


class CommandError(Exception):
    """A program is missing, failed, or said too much; the text becomes the detail of an unknown finding."""


class Commands(Protocol):
    """Runs a program and returns what it prints. Raises `CommandError`."""

    def run(self, program: str, *arguments: str) -> str: ...


class SystemCommands:
    """The programs of this device, in the language that captured outputs are in, with no input."""

    def run(self, program: str, *arguments: str) -> str:
        """Standard output as text, at most 4 MiB and after at most 10 s. Raises `CommandError`."""
        path = shutil.which(program, path=SEARCHED)
        if path is None:
            raise CommandError(f"{program} is not installed")
        with subprocess.Popen(
            [path, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"PATH": SEARCHED, "LC_ALL": "C"},
        ) as process:
            try:
                said = _said(process)
            finally:
                process.kill()
        if len(said) > LONGEST_ANSWER:
            raise CommandError(f"{program} said more than {LONGEST_ANSWER} octets")
        if process.returncode != 0:
            raise CommandError(f"{program} ended with {process.returncode}, or was ended after {PATIENCE_S:.0f} s")
        return said.decode("utf-8", "replace")


def _said(process: subprocess.Popen[bytes]) -> bytes:
    """What the program prints until it ends, the time is over, or it has said too much."""
    if process.stdout is None:
        raise AssertionError("Popen made the pipe it was asked for")
    end = time.monotonic() + PATIENCE_S
    parts: list[bytes] = []
    room = LONGEST_ANSWER + 1
    while room > 0 and select.select([process.stdout], [], [], max(0.0, end - time.monotonic()))[0]:
        part = os.read(process.stdout.fileno(), min(room, 65536))
        if not part:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0.1, end - time.monotonic()))
            break
        parts.append(part)
        room -= len(part)
    return b"".join(parts)
