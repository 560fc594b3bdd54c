"""`nac serve` as a process of its own: started, waited for, asked, stopped."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from lab_home import Home, command

from nac.config import load
from nac.control.ask import ask
from nac.db import Database
from nac.errors import ControlError
from nac.events.query import AuthenticationFilter, DiscardSummary, discards_since, newest
from nac.events.types import AuthenticationEvent

PATIENCE_S = 30.0
"""How long anything may take before a test gives up; nothing waits this long unless it is broken."""

_PAUSE_S = 0.02

T = TypeVar("T")


class Server:
    """A running server. `pid`: of the process that serves."""

    def __init__(self, home: Home, *, environment: Mapping[str, str] | None = None, log: int | None = None) -> None:
        """`environment` is added to this process's; `log`: a file descriptor that takes the log instead of a file."""
        self.home = home
        self._log = home.folder / "server.log"
        with self._log.open("ab") as file:
            self._process = subprocess.Popen(
                command(home, "serve"),
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file if log is None else log,
                cwd=home.folder,
                env={**os.environ, **(environment or {})},
            )
        self.pid = self._process.pid
        self._database: Database | None = None

    def wait_until_ready(self) -> None:
        """Until it answers on its control socket. Raises `AssertionError` with its log when it dies instead."""
        addresses = until(self._addresses, "nac serve answers on its control socket", why=self.log)
        self.v4, self.v6, self.wildcard = (_split(address) for address in addresses)

    def _addresses(self) -> list[str] | None:
        assert self._process.poll() is None, f"nac serve ended with {self._process.returncode}:\n{self.log()}"
        try:
            return list(self.status()["addresses"])
        except ControlError:
            return None

    def log(self) -> str:
        """Everything it wrote."""
        return self._log.read_text()

    def status(self) -> dict[str, Any]:
        """As `nac status -o json` prints it."""
        status = ask(self._socket, "status").status
        assert status is not None
        return status

    def counter(self, name: str) -> int:
        """One counter of the data plane."""
        return int(self.status()["counters"][name])

    def reload(self) -> None:
        """Make it take over what was changed, and wait until it has."""
        answer = ask(self._socket, "reload")
        assert answer.ok, answer.message

    @property
    def _socket(self) -> Path:
        return self.home.folder / "state/control.sock"

    def events(self, mac: str, count: int = 1) -> list[AuthenticationEvent]:
        """The `count` authentications of an address, oldest first, once they are stored."""
        return self.matching(AuthenticationFilter(mac=mac), count)

    def matching(self, wanted: AuthenticationFilter, count: int = 1) -> list[AuthenticationEvent]:
        """The `count` authentications that are `wanted`, oldest first, once they are stored."""

        def stored() -> list[AuthenticationEvent] | None:
            with self.database.read() as session:
                found = newest(session, wanted, 1000)
            return [one.event for one in reversed(found)] if len(found) >= count else None

        found = until(stored, f"{count} authentications are stored: {wanted}", why=self.log)
        assert len(found) == count, [event.cause for event in found]
        return found

    def event(self, mac: str) -> AuthenticationEvent:
        """The one authentication of an address."""
        return self.events(mac)[0]

    def discards(self, reason: str, source: str) -> list[DiscardSummary]:
        """What is stored of the packets that `source` got no answer to."""
        with self.database.read() as session:
            found = discards_since(session, 0, source=source)
        return [one for one in found if one.reason == reason]

    @property
    def database(self) -> Database:
        """The server's database, read from here as `nac auth` does."""
        if self._database is None:
            self._database = Database.open(load(self.home.config).database.url)
        return self._database

    def kill(self) -> None:
        """As when the power fails for this process."""
        self._process.kill()
        self._process.wait()
        self._close_database()

    def stop(self) -> int:
        """Stop it as systemd does; the exit code."""
        self._close_database()
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise

    def _close_database(self) -> None:
        if self._database is not None:
            self._database.close()
            self._database = None


@contextlib.contextmanager
def serving(home: Home, *, environment: Mapping[str, str] | None = None, log: int | None = None) -> Iterator[Server]:
    """A server that is ready, and is stopped whatever happens."""
    server = Server(home, environment=environment, log=log)
    try:
        server.wait_until_ready()
        yield server
    finally:
        server.stop()


def until(look: Callable[[], T | None], what: str, *, why: Callable[[], str] = str) -> T:
    """Look again and again until something is there. Raises `AssertionError` after `PATIENCE_S`."""
    deadline = time.monotonic() + PATIENCE_S
    while (found := look()) is None:
        assert time.monotonic() < deadline, f"waited in vain until {what}\n{why()}"
        time.sleep(_PAUSE_S)
    return found


def drained(server: Server) -> bool | None:
    """Whether the database has all that is in the journal."""
    return True if server.status()["journal"]["waiting"] == 0 else None


def _split(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    return host.strip("[]"), int(port)
