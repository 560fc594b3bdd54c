"""Network namespaces by the names that iproute2 gives them: made, entered, listed, removed with all that runs in them.

Whatever the lab makes lives in a namespace whose name begins with the lab's id: links, routes, rules and processes. So
removing is complete by nature: end the processes that are in those namespaces, then delete the namespaces.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, TypeVar

from lab.campus.error import LabError

PREFIX: Final = "naclab"
_NAMED: Final = Path("/run/netns")
_CLONE_NEWNET: Final = 0x40000000
_PATIENCE_S: Final = 10.0
_PAUSE_S: Final = 0.02

_libc: Final = ctypes.CDLL(None, use_errno=True)

T = TypeVar("T")


def name(lab: str, part: str) -> str:
    """The namespace of one part of a lab."""
    return f"{PREFIX}-{lab}-{part}"


def of(lab: str) -> list[str]:
    """The namespaces of a lab that exist."""
    return sorted(path.name for path in _NAMED.glob(f"{PREFIX}-{lab}-*"))


def command(*words: str, text: str | None = None) -> str:
    """Run a program of the system and return what it printed. Raises `LabError` with what it said."""
    try:
        done = subprocess.run(words, input=text, capture_output=True, text=True, timeout=60, check=False)
    except FileNotFoundError as error:
        raise LabError(f"{words[0]} is not installed", fix="as root: make deps") from error
    if done.returncode:
        raise LabError(f"{' '.join(words)}: {done.stderr.strip() or done.stdout.strip()}{text or ''}")
    return done.stdout


def batch(lines: Sequence[str], namespace: str | None = None) -> None:
    """Many `ip` commands in one process, of one namespace or of that in which this process is."""
    command("ip", *(["-n", namespace] if namespace else []), "-batch", "-", text="\n".join(lines) + "\n")


def start(namespace: str, *words: str, log: Path) -> subprocess.Popen[bytes]:
    """A program inside a namespace, in a session of its own, so that it outlives the command that started it."""
    with log.open("ab") as output:
        return subprocess.Popen(
            ["ip", "netns", "exec", namespace, *words],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )


def inside(namespace: str, act: Callable[[], T]) -> T:
    """Call `act` in a thread that has entered the namespace; a socket made there belongs to it for good.

    Raises what `act` raises, `LabError` when the namespace is not there.
    """
    result: list[T] = []
    failure: list[BaseException] = []

    def run() -> None:
        try:
            _enter(namespace)
            result.append(act())
        except BaseException as error:  # noqa: BLE001  (handed over to the caller's thread)
            failure.append(error)

    thread = threading.Thread(target=run, name=namespace)
    thread.start()
    thread.join()
    if failure:
        raise failure[0]
    return result[0]


def _enter(namespace: str) -> None:
    try:
        descriptor = os.open(_NAMED / namespace, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise LabError(f"there is no namespace {namespace}", fix="nac lab up") from error
    try:
        if _libc.setns(descriptor, _CLONE_NEWNET):
            raise LabError(f"cannot enter {namespace}: {os.strerror(ctypes.get_errno())}", fix="run it as root")
    finally:
        os.close(descriptor)


def processes(namespace: str) -> list[int]:
    """What runs in a namespace, whoever started it."""
    try:
        wanted = (_NAMED / namespace).stat()
    except FileNotFoundError:
        return []
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                there = (entry / "ns/net").stat()
                if (there.st_dev, there.st_ino) == (wanted.st_dev, wanted.st_ino):
                    found.append(int(entry.name))
    return found


def remove(namespaces: Sequence[str]) -> None:
    """End what runs in these namespaces, and delete them. Raises `LabError` when a process does not end."""
    deadline = time.monotonic() + _PATIENCE_S
    while remaining := [pid for namespace in namespaces for pid in processes(namespace)]:
        if time.monotonic() > deadline:
            raise LabError(f"processes {remaining} do not end", fix="look at them with ps, then run nac lab down again")
        for pid in remaining:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        _reap(remaining)
        time.sleep(_PAUSE_S)
    for namespace in namespaces:
        command("ip", "netns", "delete", namespace)


def _reap(pids: Sequence[int]) -> None:
    """Collect those that are children of this process; others are collected by init."""
    for pid in pids:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)
