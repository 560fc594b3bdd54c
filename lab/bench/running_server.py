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

from lab.bench.cores import pinned
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

    @property
    def name(self) -> str:
        """What tables call it."""

    @property
    def protection(self) -> Protection:
        """What its replies carry, and so what the supplicant asks of them."""

    def prepare(self, folder: Path, setup: Setup, port: int, secret_file: Path) -> list[str]:
        """Writes the configuration into `folder` and returns the command that serves it in the foreground."""


@dataclass(frozen=True)
class Installed:
    """A server with its configuration written, ready to be started any number of times."""

    kind: ServerKind
    setup: Setup
    folder: Path
    port: int
    secret_file: Path
    command: list[str]


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

    def resident_kib(self) -> int:
        """Resident set of the process, KiB."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
        return int(line.split()[1])


class ServerError(Exception):
    """A server did not start, or died; the text ends with what it wrote last."""


def install(kind: ServerKind, setup: Setup, folder: Path) -> Installed:
    """Writes a server's configuration into `folder`, which must not exist, with a secret and a port of its own."""
    folder.mkdir(parents=True)
    secret_file = folder / "secret"
    secret_file.touch(mode=0o600)
    secret_file.write_text(os.urandom(16).hex())
    port = _free_port()
    return Installed(kind, setup, folder, port, secret_file, kind.prepare(folder, setup, port, secret_file))


@contextmanager
def running(
    installed: Installed, supplicant: Supplicant, *, cores: frozenset[int] | None = None
) -> Iterator[RunningServer]:
    """Starts the server, waits until it answers, yields it, and stops it whatever happens.

    `cores`: the only processor cores it may use; None for all. Raises `ServerError` when it does not answer within
    `READY_TIMEOUT_S`, or has died by the end.
    """
    log = installed.folder / "server.log"
    kind = installed.kind
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*pinned(cores), *installed.command],
            stdout=output,
            stderr=output,
            stdin=subprocess.DEVNULL,
            cwd=installed.folder,
        )
    server = RunningServer(
        kind.name, process.pid, installed.port, installed.secret_file, kind.protection, installed.setup.pki, log
    )
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


def accounting_port(port: int) -> int:
    """Where a server that answers at `port` is told about sessions."""
    return port + 1


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _tail(log: Path, lines: int = 15) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
