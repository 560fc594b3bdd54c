"""Accounting: CPU per Accounting-Request, the peak rate, and how long answers take at half of it, each server in turn.

nac answers when a record is on disk (fdatasync); FreeRADIUS is measured with each way of keeping records that it ships.
"""

from __future__ import annotations

import itertools
import os
import statistics
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from lab.bench import cores
from lab.bench.freeradius import AS_SHIPPED, ONE_THREAD, TABLES, FreeRadius
from lab.bench.nac_server import Nac
from lab.bench.pki import Pki
from lab.bench.running_server import Installed, ServerKind, Setup, accounting_port, install, running
from lab.bench.supplicant import Json, Supplicant
from lab.postgresql import PostgreSql

CONCURRENCY: Final = 256
"""Requests on their way at a time: a switch sends without waiting for answers to the others."""

PEAK_DURATION_S: Final = 5
HALF_DURATION_S: Final = 8
LINGER_S: Final = 6

DETAIL: Final = "FreeRADIUS, text file"
POSTGRESQL: Final = "FreeRADIUS, PostgreSQL"


@dataclass(frozen=True)
class AccountingServer:
    """`durable`: what is answered is on disk. `database`: process id of the database that takes part."""

    kind: ServerKind
    durable: bool
    database: int | None = None


@dataclass(frozen=True)
class Accounting:
    """What one server did: reports of the load generator, and CPU seconds of its database, run by run."""

    server: str
    durable: bool
    peaks: list[Json] = field(default_factory=list)
    halves: list[Json] = field(default_factory=list)
    database_s: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Requests a second in the closed loop, median."""
        return statistics.median(float(run["rate"]) for run in self.peaks)

    @property
    def cpu_us(self) -> float:
        """CPU of the server, and of its database, per request, median."""
        runs = zip(self.peaks, self.database_s, strict=True)
        return statistics.median(
            float(run["server"]["cpu_us_per_authentication"]) + database * 1e6 / float(run["completed"])
            for run, database in runs
        )

    @property
    def answering_us(self) -> float:
        """Of that, the threads that answer (`nac-account-N`)."""
        return statistics.median(
            sum(
                float(used)
                for name, used in run["server"]["threads_cpu_us_per_authentication"].items()
                if name.startswith("nac-account")
            )
            for run in self.peaks
        )

    @property
    def p99_ms(self) -> float:
        """99th percentile of the time to the answer at half the peak rate, median over the runs."""
        return statistics.median(float(run["latency_us"]["round"]["p99"]) / 1000 for run in self.halves)


@contextmanager
def servers(*, nac: bool, freeradius: bool) -> Iterator[list[AccountingServer]]:
    """Those that are installed. A PostgreSQL of its own runs meanwhile, with its syncing as shipped."""
    found = [AccountingServer(Nac(), durable=True)] if nac else []
    if not freeradius:
        yield found
        return
    database = PostgreSql(settings=())
    try:
        database.start()
        database.execute("CREATE DATABASE records")
        database.execute(TABLES, "records")
        found += [
            AccountingServer(FreeRadius("FreeRADIUS, nothing kept"), durable=False),
            AccountingServer(FreeRadius(DETAIL, accounting="file"), durable=False),
            AccountingServer(FreeRadius("FreeRADIUS, SQLite", ONE_THREAD, accounting="sqlite"), durable=True),
            AccountingServer(
                FreeRadius(POSTGRESQL, AS_SHIPPED, accounting="postgresql", postgresql=database.folder),
                durable=True,
                database=database.pid,
            ),
        ]
        yield found
    finally:
        database.close()


def measure(
    kinds: Sequence[AccountingServer],
    pki: Pki,
    folder: Path,
    supplicant: Supplicant,
    rounds: int,
    say: Callable[[str], None],
) -> list[Accounting]:
    """`rounds` runs of each, the servers taking turns; then the same at half of what each reached."""
    setup = Setup(pki)
    installed = [(one, install(one.kind, setup, folder / str(number))) for number, one in enumerate(kinds)]
    found = {one.kind.name: Accounting(one.kind.name, one.durable) for one in kinds}
    for _, (one, server) in itertools.product(range(rounds), installed):
        measured = found[one.kind.name]
        before = _cpu_s(one.database)
        closed = ["--concurrency", str(CONCURRENCY), "--duration", str(PEAK_DURATION_S)]
        measured.peaks.append(_load(server, supplicant, [*closed, "--linger", str(LINGER_S)]))
        measured.database_s.append(_cpu_s(one.database) - before)
        say(f"{one.kind.name}: {measured.peaks[-1]['rate']:.0f}/s")
    for _, (one, server) in itertools.product(range(rounds), installed):
        measured = found[one.kind.name]
        half = ["--rate", f"{measured.rate / 2:.0f}", "--duration", str(HALF_DURATION_S)]
        measured.halves.append(_load(server, supplicant, half))
    return list(found.values())


def _load(installed: Installed, supplicant: Supplicant, arguments: list[str]) -> Json:
    server_cores, load_cores = cores.split()
    pinned = Supplicant(supplicant.binary, load_cores)
    with running(installed, supplicant, cores=server_cores) as server:
        told = replace(server, port=accounting_port(server.port))
        return pinned.load(told, ["--mode", "accounting", "--warm-up", "200", *arguments])


def _cpu_s(pid: int | None) -> float:
    """CPU of a process and its children, living and ended, in seconds (proc(5))."""
    if pid is None:
        return 0.0
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    ticks = sum(sum(_stat(int(child))[:2]) for child in children) + sum(_stat(pid))
    return ticks / os.sysconf("SC_CLK_TCK")


def _stat(pid: int) -> list[int]:
    """Ticks: user, system, and those of ended children."""
    after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return [int(ticks) for ticks in after_name[11:15]]
