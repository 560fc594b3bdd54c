"""A power cut: every device of a site at once, retransmitting, with accounting. Everybody in, nothing done twice."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lab.bench.nac_server import Nac
from lab.bench.pki import Pki
from lab.bench.running_server import Setup, install, running
from lab.bench.supplicant import Json, Supplicant

DEVICES = (1_000, 2_000)
"""More than the handshakes that a shard holds come with a rate limit of their client (docs/scale.md)."""

STAY_S = 5
LOSE_EVERY = 100


@dataclass(frozen=True)
class Storm:
    """Reports of the swarm, by number of devices."""

    runs: dict[int, Json]


def measure(pki: Pki, folder: Path, supplicant: Supplicant) -> Storm:
    """Each storm meets a fresh server; swarm and server share all cores, and one reply in `LOSE_EVERY` is lost."""
    arguments = ["--profile", "power-cut", "--tls", "1.3", "--stay", str(STAY_S), "--lose-every", str(LOSE_EVERY)]
    runs = {}
    for devices in DEVICES:
        installed = install(Nac(), Setup(pki, shards=2), folder / str(devices))
        with running(installed, supplicant) as server:
            runs[devices] = supplicant.swarm(server, [*arguments, "--supplicants", str(devices)])
    return Storm(runs)
