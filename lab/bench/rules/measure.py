"""Server CPU per request for every form of the rules, the servers taking turns at each number of rules."""

from __future__ import annotations

import itertools
import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from lab.bench import cores
from lab.bench.cases import CONCURRENCY
from lab.bench.cost import MeasurementError
from lab.bench.pki import Pki
from lab.bench.rules import decisions
from lab.bench.rules.asker import Asker
from lab.bench.rules.servers import RuleServer
from lab.bench.rules.text import VLANS, Place, Rules
from lab.bench.running_server import Installed, RunningServer, ServerError, Setup, install, running

COUNTS = (1, 10, 100, 1_000, 10_000, 100_000)
"""Numbers of rules; the first shows what a packet costs without them."""
DURATION_S = 2
LINGER_S = 2
"""FreeRADIUS lets go of a request after one second, nac writes events later: both are counted."""
WARM_UP = 50
COMMAND_TIMEOUT_S = 300.0

Standing = Place | Literal["any"]
"""Where the rule that is asked for stands, or that it makes no difference."""


@dataclass(frozen=True)
class Programs:
    """`supplicant`: nac-supplicant. `decide`: the example of nac-policy that measures decisions; None: left out."""

    supplicant: Path
    decide: Path | None


@dataclass(frozen=True)
class Curve:
    """One line of the plot: by number of rules what every round measured, in microseconds or seconds."""

    name: str
    place: Standing
    points: dict[int, list[float]] = field(default_factory=dict)

    def median(self, count: int) -> float:
        """Over the rounds."""
        return statistics.median(self.points[count])


@dataclass(frozen=True)
class RuleCosts:
    """`requests`: microseconds of server CPU per request. `answering`: those of nac's Rust threads alone.

    `decisions`: microseconds of a decision without a packet. `checks`: seconds until the rules are read and checked,
    the program's start included. `reloads`: seconds from the call of `nac reload` to the first answer by the new rules.
    """

    requests: list[Curve] = field(default_factory=list)
    answering: list[Curve] = field(default_factory=list)
    decisions: list[Curve] = field(default_factory=list)
    checks: list[Curve] = field(default_factory=list)
    reloads: list[Curve] = field(default_factory=list)


@dataclass(frozen=True)
class _Turn:
    """One server's turn at a number of rules."""

    server: RuleServer
    installed: Installed
    count: int
    costs: RuleCosts
    asker: Asker
    say: Callable[[str], None]


def measure(
    servers: Sequence[RuleServer],
    pki: Pki,
    folder: Path,
    programs: Programs,
    rounds: int,
    say: Callable[[str], None],
) -> RuleCosts:
    """Measures every server at each of `COUNTS`, `rounds` times.

    Raises `ServerError` when a server does not start or answers otherwise than its rules say, `MeasurementError` when
    requests were refused.
    """
    _, load_cores = cores.split()
    asker = Asker(programs.supplicant, load_cores)
    installed = [install(server, Setup(pki, macs=1), folder / str(n)) for n, server in enumerate(servers)]
    costs = RuleCosts()
    for _, count in itertools.product(range(rounds), COUNTS):
        for server, files in zip(servers, installed, strict=True):
            _take(_Turn(server, files, count, costs, asker, say))
        _decide(count, costs, programs.decide)
    return costs


def _take(turn: _Turn) -> None:
    """Starts the server anew for every place: what a reload leaves in memory is a case of its own."""
    server, (server_cores, _) = turn.server, cores.split()
    reload = server.reload_command(turn.installed.command)
    for place in server.places:
        server.write(turn.installed.folder, Rules(turn.count, place))
        with running(turn.installed, turn.asker, cores=server_cores) as live:
            _load(turn, live, server.name, place)
            if reload is not None and place == server.places[-1]:
                _reload(turn, live, reload, server.places[0])
    seconds = _timed(server.check_command(turn.installed.command))
    _record(turn.costs.checks, server.name, "any", turn.count, seconds)


def _reload(turn: _Turn, live: RunningServer, command: list[str], place: Place) -> None:
    """Moves the rule to another place, so that the answer shows when the new rules hold."""
    turn.server.write(turn.installed.folder, Rules(turn.count, place))
    begun = time.perf_counter()
    _timed(command)
    _expect(turn, live, place)
    _record(turn.costs.reloads, turn.server.name, "any", turn.count, time.perf_counter() - begun)
    _load(turn, live, f"{turn.server.name}, reloaded", place)


def _load(turn: _Turn, live: RunningServer, name: str, place: Place) -> None:
    _expect(turn, live, place)
    arguments = ["--mode", "mab", "--macs", "1", "--concurrency", str(CONCURRENCY), "--warm-up", str(WARM_UP)]
    report = turn.asker.load(live, [*arguments, "--duration", str(DURATION_S), "--linger", str(LINGER_S)])
    if not report["accepts"] == report["started"] > 0:
        raise MeasurementError(f"{turn.count:,} rules on {name}: {report}")
    used: dict[str, float] = report["server"]["threads_cpu_us_per_authentication"]
    requests: float = report["server"]["cpu_us_per_authentication"]
    _record(turn.costs.requests, name, place, turn.count, requests)
    rust = [us for thread, us in used.items() if thread.startswith(("nac-receive", "nac-shard"))]
    if rust:
        _record(turn.costs.answering, f"{name}, answering", place, turn.count, sum(rust))
    turn.say(f"{turn.count:,} rules: {name}, {place}: {requests:.1f} us")


def _expect(turn: _Turn, live: RunningServer, place: Place) -> None:
    found = turn.asker.vlan(live)
    if found != VLANS[place]:
        raise ServerError(f"{turn.server.name} answers VLAN {found} where its rules say {VLANS[place]}")


def _decide(count: int, costs: RuleCosts, program: Path | None) -> None:
    for place in VLANS:
        microseconds = decisions.through_python(Rules(count, place))
        _record(costs.decisions, "nac, decision through Python", place, count, microseconds)
    if program is not None:
        _record(costs.decisions, "nac, decision in Rust", "any", count, decisions.native(program, count))


def _timed(command: list[str]) -> float:
    """Seconds that the command took. Raises `ServerError` when it fails."""
    begun = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, timeout=COMMAND_TIMEOUT_S, check=False)
    seconds = time.perf_counter() - begun
    if done.returncode != 0:
        raise ServerError(f"{' '.join(command)}: {(done.stdout + done.stderr)[-2000:]}")
    return seconds


def _record(curves: list[Curve], name: str, place: Standing, count: int, measured: float) -> None:
    known = next((curve for curve in curves if (curve.name, curve.place) == (name, place)), None)
    if known is None:
        known = Curve(name, place)
        curves.append(known)
    known.points.setdefault(count, []).append(measured)
