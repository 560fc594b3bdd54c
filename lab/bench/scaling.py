"""Does throughput grow with cores: nac with one crypto shard and with two.

The server signs with RSA-4096 and the devices with P-256, so that a handshake costs the server many times what it costs
the load generator, which runs on the same cores and would otherwise be the limit.
"""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from pathlib import Path

from lab.bench.nac_server import Nac
from lab.bench.pki import Pki
from lab.bench.running_server import Setup, install, running
from lab.bench.supplicant import Json, Supplicant

DURATION_S = 5


@dataclass(frozen=True)
class Scaling:
    """Reports of the rounds, by number of shards."""

    runs: dict[int, list[Json]]

    def rate(self, shards: int) -> float:
        """Median authentications per second."""
        return statistics.median(float(run["rate"]) for run in self.runs[shards])

    def cores(self, shards: int) -> float:
        """Median cores that the server kept busy."""
        return statistics.median(float(run["server"]["cores"]) for run in self.runs[shards])


def measure(pki: Pki, folder: Path, supplicant: Supplicant, rounds: int) -> Scaling:
    """Alternates one shard and two on the same machine."""
    installed = {shards: install(Nac(), Setup(pki, shards=shards), folder / f"shards-{shards}") for shards in (1, 2)}
    runs: dict[int, list[Json]] = {shards: [] for shards in installed}
    arguments = ["--tls", "1.3", "--concurrency", "32", "--warm-up", "50", "--duration", str(DURATION_S)]
    for _ in range(rounds):
        for shards, server_files in installed.items():
            with running(server_files, supplicant) as server:
                runs[shards].append(supplicant.load(server, arguments))
    return Scaling(runs)
