"""10,000 conversations that are begun and left: memory of the server, and what becomes of good devices meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lab.bench.pki import Pki
from lab.bench.running_server import ServerKind, Setup, install, running
from lab.bench.supplicant import Json, Supplicant

CONVERSATIONS = 10_000
GOOD_RATE = 10
GOOD_DURATION_S = 20
LINGER_S = 75


@dataclass(frozen=True)
class HalfOpen:
    """`flood`: report of the conversations left open. `good`: of the devices that authenticated meanwhile."""

    server: str
    flood: Json
    good: Json

    def grown_mib(self, moment: str) -> float:
        """Growth of the resident set, MiB; `moment` is `peak` or `final` (after `LINGER_S` seconds of rest)."""
        server = self.flood["server"]
        return float(server[f"rss_{moment}_kib"] - server["rss_before_kib"]) / 1024

    @property
    def good_refused(self) -> float:
        """Share of good devices that were rejected or heard nothing."""
        return 1 - int(self.good["accepts"]) / max(1, int(self.good["started"]))

    @property
    def good_slowest_ms(self) -> float:
        """The longest that a good device waited for its verdict."""
        return float(self.good["latency_us"]["authentication"]["max"]) / 1000


def measure(kind: ServerKind, pki: Pki, folder: Path, supplicant: Supplicant, *, shards: int) -> HalfOpen:
    """Floods a fresh server while good devices come at `GOOD_RATE` a second, and looks again when all is quiet."""
    installed = install(kind, Setup(pki, shards=shards), folder)
    flood_arguments = ["--mode", "half-open", "--tls", "1.3", "--concurrency", "32", "--count", str(CONVERSATIONS)]
    good_arguments = ["--tls", "1.3", "--rate", str(GOOD_RATE), "--duration", str(GOOD_DURATION_S)]
    with running(installed, supplicant) as server:
        warm_up = ["--tls", "1.3", "--concurrency", "4", "--count", "100"]
        supplicant.load(server, warm_up)
        linger = ["--linger", str(LINGER_S)]
        with supplicant.loading(server, [*flood_arguments, *linger]) as flood:
            good = supplicant.load(server, good_arguments)
            return HalfOpen(kind.name, flood.report(), good)
