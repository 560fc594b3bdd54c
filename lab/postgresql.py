"""A PostgreSQL server of its own: fresh folder, a UNIX socket and no TCP port, stopped and removed at the end."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import psycopg

_PATIENCE_S: Final = 60.0
_PAUSE_S: Final = 0.02
_OWNER: Final = "postgres"
"""PostgreSQL refuses to run as root; Debian's package brings this user."""


class PostgreSql:
    """Make it, `start` it, and `close` it at the end. `settings`: of postgresql.conf, such as `fsync=off`."""

    _numbers = itertools.count(1)

    def __init__(self, settings: Sequence[str] = ("fsync=off",)) -> None:
        self._programs = _programs()
        self._settings = settings
        self.folder = Path(tempfile.mkdtemp(prefix="nac-postgresql-"))
        self._user: dict[str, Any] = {}
        if os.getuid() == 0:
            self._user = {"user": _OWNER, "group": _OWNER, "extra_groups": ()}
            shutil.chown(self.folder, _OWNER, _OWNER)
        self._data = self.folder / "data"
        self._log = self.folder / "log"
        self._process: subprocess.Popen[bytes] | None = None
        self._run("initdb", "-D", str(self._data), "-U", "nac", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")

    def start(self) -> None:
        """Start it, and wait until it answers. Raises `AssertionError` with its log when it does not."""
        settings = ["listen_addresses=", f"unix_socket_directories={self.folder}", "shared_buffers=64MB"]
        options = [part for setting in (*settings, *self._settings) for part in ("-c", setting)]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [self._programs / "postgres", "-D", str(self._data), *options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                **self._user,
            )
        deadline = time.monotonic() + _PATIENCE_S
        while not self._answers():
            assert self._process.poll() is None, self._log.read_text()
            assert time.monotonic() < deadline, self._log.read_text()
            time.sleep(_PAUSE_S)

    @property
    def pid(self) -> int:
        """Its first process, while it runs."""
        assert self._process is not None
        return self._process.pid

    def stop(self) -> None:
        """End it at once, connections and all, as a restart by its administrator does. Idempotent."""
        if self._process is not None:
            self.thaw()
            self._process.send_signal(signal.SIGINT)
            self._process.wait(_PATIENCE_S)
            self._process = None

    def freeze(self) -> None:
        """Stop every process of it from running (SIGSTOP): connections stand, nothing is answered."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Take `freeze` back."""
        self._signal(signal.SIGCONT)

    def close(self) -> None:
        """Stop it and remove its folder."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def new_database(self) -> str:
        """The URL of a database that nobody else has."""
        name = f"nac_{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name}")
        return self.url(name)

    def url(self, name: str) -> str:
        """The URL of a database of this server, as nac.toml has it."""
        return f"postgresql://nac@/{name}?host={self.folder}"

    def connect(self, name: str = "postgres") -> psycopg.Connection[Any]:
        """A connection that is none of nac's."""
        return psycopg.connect(host=str(self.folder), user="nac", dbname=name, autocommit=True)

    def execute(self, statement: str, name: str = "postgres") -> None:
        """Run one statement."""
        with self.connect(name) as connection:
            connection.execute(statement.encode())

    def cpu_s(self) -> float:
        """CPU seconds of all its processes that run now, and of those that ended."""
        ticks = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in self._processes()]
        own = sum(int(fields[11]) + int(fields[12]) for fields in ticks)
        ended = int(ticks[0][13]) + int(ticks[0][14])
        return (own + ended) / os.sysconf("SC_CLK_TCK")

    def _processes(self) -> list[int]:
        """The one that was started, then its children."""
        assert self._process is not None
        pid = self._process.pid
        return [pid, *map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]

    def _answers(self) -> bool:
        try:
            self.connect().close()
        except psycopg.OperationalError:
            return False
        return True

    def _signal(self, number: int) -> None:
        for pid in self._processes():
            os.kill(pid, number)

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [self._programs / program, *arguments], capture_output=True, text=True, check=False, **self._user
        )
        assert done.returncode == 0, done.stdout + done.stderr


def _programs() -> Path:
    """The newest PostgreSQL that Debian installed. Raises `FileNotFoundError`, which says what to install."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    if not found:
        raise FileNotFoundError("PostgreSQL is not installed: apt-get install postgresql")
    return found[-1]
