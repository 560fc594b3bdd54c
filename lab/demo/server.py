"""`nac serve` for the time of a `with` block, and the events that it writes meanwhile."""

from __future__ import annotations

import json
import os
import selectors
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from lab.demo.command import PROGRAM, CommandError, Nac

START_TIMEOUT_S = 30.0
STOP_TIMEOUT_S = 15.0
EVENT_TIMEOUT_S = 15.0

Json = dict[str, Any]


@contextmanager
def serving(nac: Nac) -> Iterator[None]:
    """Start the server, wait until it answers, and stop it in the end, whatever happens. Raises `CommandError`.

    Its log goes to `server.log` in the lab's folder.
    """
    path = f"@nac-demo-{os.getpid()}"
    log = nac.folder / "server.log"
    with log.open("wb") as errors:
        supervisor = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        supervisor.bind("\0" + path[1:])
        environment = {**nac.environment(), "NOTIFY_SOCKET": path}
        process = subprocess.Popen([PROGRAM, "serve"], cwd=nac.folder, env=environment, stderr=errors)
        try:
            with supervisor:
                if not _is_ready(supervisor, process):
                    ended = f"ended with {process.returncode}" if process.returncode is not None else "is not ready"
                    raise CommandError(f"nac serve {ended}:\n{log.read_text().strip()}")
            yield
        finally:
            _stop(process)


def _is_ready(supervisor: socket.socket, process: subprocess.Popen[bytes]) -> bool:
    """Wait for READY=1 (sd_notify(3)), as systemd would."""
    supervisor.settimeout(0.1)
    deadline = time.monotonic() + START_TIMEOUT_S
    while process.poll() is None and time.monotonic() < deadline:
        try:
            if b"READY=1" in supervisor.recv(4096):
                return True
        except TimeoutError:
            continue
    return False


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@dataclass
class Events:
    """What `nac auth tail --follow` prints: one JSON object a line."""

    process: subprocess.Popen[bytes]
    selector: selectors.BaseSelector
    pending: bytes = b""

    def of(self, mac: str) -> Json:
        """The next authentication of this MAC address. Raises `CommandError` when none comes."""
        deadline = time.monotonic() + EVENT_TIMEOUT_S
        while (line := self._line(deadline)) is not None:
            event: Json = json.loads(line)
            if event["mac"] == mac:
                return event
        raise CommandError(f"the server wrote no event for {mac}")

    def _line(self, deadline: float) -> bytes | None:
        stdout = self.process.stdout
        assert stdout is not None
        while b"\n" not in self.pending:
            if not self.selector.select(max(0.0, deadline - time.monotonic())):
                return None
            read = os.read(stdout.fileno(), 65536)
            if not read:
                return None
            self.pending += read
        line, _, self.pending = self.pending.partition(b"\n")
        return line


@contextmanager
def following(nac: Nac) -> Iterator[Events]:
    """Follow the events, from the first one of a fresh server on."""
    command = [str(PROGRAM), "auth", "tail", "--follow", "--limit", "1000", "-o", "json"]
    process = subprocess.Popen(
        command, cwd=nac.folder, env=nac.environment(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    try:
        with selectors.DefaultSelector() as selector:
            assert process.stdout is not None
            selector.register(process.stdout, selectors.EVENT_READ)
            yield Events(process, selector)
    finally:
        process.kill()
        process.communicate()
