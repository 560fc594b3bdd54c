"""Server CPU per authentication: every case on every server, the servers taking turns, round after round."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lab.bench import cores
from lab.bench.cases import Case
from lab.bench.freeradius import FreeRadius
from lab.bench.hostapd import Hostapd
from lab.bench.pki import Pki
from lab.bench.running_server import Installed, ServerKind, Setup, install, running
from lab.bench.supplicant import Json, Supplicant


@dataclass(frozen=True)
class Cost:
    """What one server needs for one case; `runs` are the reports of the load generator."""

    case: Case
    server: str
    runs: list[Json] = field(default_factory=list)

    @property
    def cpu_us(self) -> list[float]:
        """Microseconds of server CPU per authentication, per run."""
        return [run["server"]["cpu_us_per_authentication"] for run in self.runs]

    @property
    def data_plane_us(self) -> list[float]:
        """The part of the threads that answer (`nac-receive-N`, `nac-shard-N`), per run; the rest keeps records."""
        return [
            sum(
                used
                for name, used in run["server"]["threads_cpu_us_per_authentication"].items()
                if name.startswith(("nac-receive", "nac-shard"))
            )
            for run in self.runs
        ]

    @property
    def min_us(self) -> float:
        """The best run."""
        return min(self.cpu_us)

    @property
    def median_us(self) -> float:
        """The median run."""
        return statistics.median(self.cpu_us)


class MeasurementError(Exception):
    """A run did not do what was to be measured; the text says what it did."""


def measure(
    cases: Sequence[Case],
    kinds: Sequence[ServerKind],
    pki_for: Callable[[str], Pki],
    folder: Path,
    supplicant: Supplicant,
    rounds: int,
    say: Callable[[str], None],
) -> list[Cost]:
    """Runs every case `rounds` times on every server that knows it; a slow spell of the machine meets all of them."""
    costs: list[Cost] = []
    for case in cases:
        able = [kind for kind in kinds if not (case.is_mab and isinstance(kind, Hostapd))]
        setup = Setup(pki_for(case.keys), resumption=case.resumption, macs=case.macs)
        installed = [install(kind, setup, folder / f"{case.key}-{_slug(kind.name)}") for kind in able]
        of_case = {kind.name: Cost(case, kind.name) for kind in able}
        for _, server in itertools.product(range(rounds), installed):
            run = _run(case, server, supplicant)
            of_case[server.kind.name].runs.append(run)
            say(f"{case.title}: {server.kind.name} {run['server']['cpu_us_per_authentication']:.1f} us")
        costs.extend(of_case.values())
    return costs


def _run(case: Case, installed: Installed, supplicant: Supplicant) -> Json:
    kind = installed.kind
    few = isinstance(kind, Hostapd) or (isinstance(kind, FreeRadius) and kind.answers != "nothing")
    server_cores, load_cores = cores.split()
    pinned = Supplicant(supplicant.binary, load_cores)
    with running(installed, supplicant, cores=server_cores) as server:
        report = pinned.load(server, case.load_arguments(few=few))
    _check(case, installed, report)
    return report


def _check(case: Case, installed: Installed, report: Json) -> None:
    """Every authentication was accepted, its keys were right, and it was of the kind that was asked for."""
    accepted = report["accepts"] == report["started"] > 0
    verified = case.is_mab or report["msk_verified"] == report["accepts"]
    other_kind = report["handshakes_full"] if case.resumption else report["handshakes_resumed"]
    if not (accepted and verified and other_kind == 0):
        raise MeasurementError(f"{case.title} on {installed.kind.name}: {report}")


def _slug(name: str) -> str:
    return name.lower().replace(" ", "-").replace(",", "")
