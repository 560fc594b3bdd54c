"""Latency of nac in an open loop at half of its peak rate, and its memory when idle."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from lab.bench.nac_server import Nac
from lab.bench.pki import Pki
from lab.bench.running_server import Setup, install, running
from lab.bench.supplicant import Json, Supplicant

PEAK_DURATION_S = 5
HALF_DURATION_S = 10
IDLE_S = 3


@dataclass(frozen=True)
class Latency:
    """`peak`: report of the closed loop. `half`: of the open loop at half its rate."""

    idle_rss_kib: int
    peak: Json
    half: Json

    @property
    def server_p99_ms(self) -> float:
        """99th percentile of the round trips of one authentication added up, milliseconds."""
        return float(self.half["latency_us"]["server"]["p99"]) / 1000


def measure(pki: Pki, folder: Path, supplicant: Supplicant) -> Latency:
    """Full handshakes with P-256; server and load generator share all cores of the machine."""
    installed = install(Nac(), Setup(pki, shards=2), folder)
    with running(installed, supplicant) as server:
        time.sleep(IDLE_S)
        idle = server.resident_kib()
        common = ["--tls", "1.3", "--warm-up", "500"]
        peak = supplicant.load(server, [*common, "--concurrency", "32", "--duration", str(PEAK_DURATION_S)])
        half_rate = f"{peak['rate'] / 2:.0f}"
        half = supplicant.load(server, [*common, "--rate", half_rate, "--duration", str(HALF_DURATION_S)])
    return Latency(idle, peak, half)
