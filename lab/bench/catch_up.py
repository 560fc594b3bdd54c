"""Catching up after an outage of the database: what it takes from those who log in meanwhile.

The database is locked, records of accounting gather in the journal, the lock goes, and full handshakes begin as soon as
the drain has stored its first batch. Runs with and without such a backlog alternate on one server.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from sqlalchemy import func, select

from lab.bench import cores
from lab.bench.nac_server import Nac
from lab.bench.pki import Pki
from lab.bench.running_server import RunningServer, Setup, accounting_port, install, running
from lab.bench.supplicant import Json, Supplicant
from nac.config import load
from nac.db import Database
from nac.db.schema import Drained
from nac.events.pace import LONGEST_S

BACKLOG: Final = 100_000
"""Records: ten minutes of a site whose NASes tell 167 a second."""

DURATION_S: Final = 6
_LOOK_S: Final = 0.05
_PATIENCE_S: Final = 300.0


@dataclass(frozen=True)
class CatchUp:
    """Reports of the load, run by run, `without` a backlog and `during` its way into the database; `behind`: records
    that were stored meanwhile; `after`: records a second, once nobody logged in any more."""

    without: list[Json] = field(default_factory=list)
    during: list[Json] = field(default_factory=list)
    behind: list[int] = field(default_factory=list)
    after: list[float] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        """Logins a second while catching up, as a share of those without: the median of neighbouring runs."""
        pairs = zip(self.without, self.during, strict=True)
        return statistics.median(float(during["rate"]) / float(without["rate"]) for without, during in pairs)


def measure(pki: Pki, folder: Path, supplicant: Supplicant, rounds: int, say: Callable[[str], None]) -> CatchUp:
    """Server and load have cores of their own where there are two; the server's is what it and the drain share."""
    installed = install(Nac(), Setup(pki), folder)
    server_cores, load_cores = cores.split()
    pinned = Supplicant(supplicant.binary, load_cores)
    found = CatchUp()
    with running(installed, supplicant, cores=server_cores) as server:
        database = Database.open(load(folder / "nac" / "nac.toml").database.url)
        try:
            for _ in range(rounds):
                found.without.append(_logins(pinned, server))
                _outage(database, pinned, server)
                before = _position(database)
                found.during.append(_logins(pinned, server))
                found.behind.append(_position(database) - before)
                found.after.append(_rest(database))
                say(f"logins/s {found.without[-1]['rate']:.0f}, catching up {found.during[-1]['rate']:.0f}")
        finally:
            database.close()
    return found


def _logins(supplicant: Supplicant, server: RunningServer) -> Json:
    return supplicant.load(server, ["--tls", "1.3", "--concurrency", "16", "--duration", str(DURATION_S)])


def _outage(database: Database, supplicant: Supplicant, server: RunningServer) -> None:
    """Until the drain has stored the first batch after it."""
    told = replace(server, port=accounting_port(server.port))
    before = _position(database)
    with database.write():
        supplicant.load(told, ["--mode", "accounting", "--concurrency", "256", "--count", str(BACKLOG)])
    _wait(lambda: _position(database) > before)


def _rest(database: Database) -> float:
    """Records a second until nothing is stored any more, for longer than a pause lasts."""
    begun, first = time.monotonic(), _position(database)
    newest, at = first, begun
    while time.monotonic() - at < LONGEST_S + 1:
        time.sleep(_LOOK_S)
        if (now := _position(database)) != newest:
            newest, at = now, time.monotonic()
    return (newest - first) / (at - begun) if at > begun else 0.0


def _position(database: Database) -> int:
    with database.read() as session:
        return session.scalar(select(func.max(Drained.sequence))) or 0


def _wait(until: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while not until():
        if time.monotonic() > deadline:
            raise TimeoutError("the drain stores nothing")
        time.sleep(_LOOK_S)
