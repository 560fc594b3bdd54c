"""An open loop at growing rates: full handshakes arrive whatever the server does, at each server by itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lab.bench.pki import Pki
from lab.bench.running_server import ServerKind, Setup, install, running
from lab.bench.supplicant import Json, Supplicant

RATES: Final = (50, 100, 200, 400, 600, 800, 1_000, 1_200, 1_600)
"""Arrivals a second."""

DURATION_S: Final = 5
PERCENTILES: Final = ("p50", "p99", "p99_9")


@dataclass(frozen=True)
class Point:
    """One server at one offered rate."""

    server: str
    offered: int
    report: Json

    @property
    def accepted(self) -> float:
        """Accepts a second."""
        return float(self.report["accepts"]) / float(self.report["wall_s"])

    @property
    def arrived(self) -> float:
        """Arrivals a second: `offered`, but for chance."""
        return float(self.report["started"]) / DURATION_S

    @property
    def cpu_us(self) -> float:
        """Of the server, for each authentication that ended."""
        return float(self.report["server"]["cpu_us_per_authentication"])

    def late_ms(self, percentile: str) -> float:
        """From the arrival to the verdict, the device's own work included."""
        return float(self.report["latency_us"]["authentication"][percentile]) / 1000


@dataclass(frozen=True)
class Offered:
    """Points of each server in the order of `RATES`; a server that answers less than nine in ten is not asked more."""

    points: Sequence[Point]

    def of(self, server: str) -> list[Point]:
        """One server's."""
        return [point for point in self.points if point.server == server]

    @property
    def servers(self) -> list[str]:
        """Their names, in order."""
        return list(dict.fromkeys(point.server for point in self.points))


def measure(
    kinds: Sequence[ServerKind], pki: Pki, folder: Path, supplicant: Supplicant, say: Callable[[str], None]
) -> Offered:
    """Each rate meets a fresh server; server and load share all cores."""
    points: list[Point] = []
    for number, kind in enumerate(kinds):
        for rate in RATES:
            installed = install(kind, Setup(pki, shards=2), folder / f"{number}-{rate}")
            arguments = ["--tls", "1.3", "--warm-up", "50", "--rate", str(rate), "--duration", str(DURATION_S)]
            with running(installed, supplicant) as server:
                point = Point(kind.name, rate, supplicant.load(server, arguments))
            points.append(point)
            say(f"{kind.name}: {rate} a second offered, {point.accepted:.0f} accepted")
            if point.accepted < 0.9 * point.arrived:
                break
    return Offered(points)
