"""A RADIUS server under test: started in a folder of its own, always stopped."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from lab.bench.pki import Pki
from lab.bench.supplicant import Supplicant

STOP_TIMEOUT_S = 10.0
READY_TIMEOUT_S = 60.0

Protection = Literal["first", "present", "optional"]


@dataclass(frozen=True)
class Setup:
    """What a case wants of a server: `resumption` on or off, `macs` known addresses, `shards` (nac's alone)."""

    pki: Pki
    resumption: bool = False
    macs: int = 10
    shards: int = 1


class ServerKind(Protocol):
    """One of the servers that are compared."""

    name: str
    protection: Protection

    def prepare(self, folder: Path, setup: Setup, port: int, secret: str) -> list[str]:
        """Writes the configuration into `folder` and returns the command that serves it in the foreground."""


@dataclass(frozen=True)
class RunningServer:
    """A server that answers. `pid` is the process that does the work."""

    name: str
    pid: int
    port: int
    secret_file: Path
    protection: Protection
    pki: Pki
    log: Path


class ServerError(Exception):
    """A server did not start, or died; the text ends with what it wrote last."""


@contextmanager
def running(kind: ServerKind, setup: Setup, folder: Path, supplicant: Supplicant) -> Iterator[RunningServer]:
    """Starts the server, waits until it answers, yields it, and stops it whatever happens.

    Raises `ServerError` when it does not come up within `READY_TIMEOUT_S`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    secret = os.urandom(16).hex()
    secret_file = folder / "secret"
    secret_file.write_text(secret)
    port = _free_port()
    command = kind.prepare(folder, setup, port, secret)
    log = folder / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, stdin=subprocess.DEVNULL, cwd=folder)
    server = RunningServer(kind.name, process.pid, port, secret_file, kind.protection, setup.pki, log)
    try:
        _wait_until_ready(server, process, supplicant)
        yield server
        if process.poll() is not None:
            raise ServerError(f"{kind.name} died during the measurement:\n{_tail(log)}")
    finally:
        _stop(process)


def _wait_until_ready(server: RunningServer, process: subprocess.Popen[bytes], supplicant: Supplicant) -> None:
    deadline = time.monotonic() + READY_TIMEOUT_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise ServerError(f"{server.name} did not start:\n{_tail(server.log)}")
        if supplicant.answers(server):
            return
        time.sleep(0.2)
    raise ServerError(f"{server.name} does not answer:\n{_tail(server.log)}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _tail(log: Path, lines: int = 15) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
