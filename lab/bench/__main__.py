"""`python -m lab.bench`: measures, prints tables, and writes them into docs/benchmarks.md.

Everything runs on the loopback interface, in a fresh folder under target/bench, and is stopped at the end.
"""

from __future__ import annotations

import functools
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import click

from lab.bench import (
    accounting,
    catch_up,
    coa,
    cost,
    document,
    drain,
    flame,
    freeradius,
    half_open,
    hostapd,
    latency,
    nac_server,
    posture_coa,
    scaling,
    storm,
    tables,
)
from lab.bench.cases import CASES, RECORDING
from lab.bench.offered import measure as offered
from lab.bench.offered import plot as offered_plot
from lab.bench.pki import KeyKind, Pki, create
from lab.bench.rules import measure as rules
from lab.bench.rules import plot
from lab.bench.rules.servers import FREERADIUS, NAC, RuleServer
from lab.bench.running_server import ServerError, ServerKind
from lab.bench.supplicant import Supplicant, SupplicantError

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs" / "benchmarks.md"
OUTPUT = ROOT / "target" / "bench"
PLOT = ROOT / "docs" / "benchmarks-rules.svg"
OFFERED = ROOT / "docs" / "benchmarks-offered.svg"
FLAME = ROOT / "docs" / "benchmarks-flame.svg"
BINARY = ROOT / "target" / "release" / "nac-supplicant"
DECIDE = ROOT / "target" / "release" / "examples" / "decide"

KINDS: dict[str, list[ServerKind]] = {
    "freeradius": [
        freeradius.FreeRadius(),
        freeradius.FreeRadius("FreeRADIUS, 1 thread", freeradius.ONE_THREAD),
        freeradius.FreeRadius(RECORDING, freeradius.ONE_THREAD, answers="sqlite"),
    ],
    "hostapd": [hostapd.Hostapd()],
    "nac": [nac_server.Nac(), nac_server.Nac("nac, with access lists", "rfc4849")],
}
INSTALLED = {"freeradius": freeradius.is_installed, "hostapd": hostapd.is_installed, "nac": nac_server.is_installed}


@dataclass(frozen=True)
class Bench:
    """What one call measures with."""

    supplicant: Supplicant
    kinds: list[ServerKind]
    rounds: int
    folder: Path
    pki_for: Callable[[str], Pki]
    write: bool

    def tell(self, section: str, text: str, measured: object) -> None:
        """Prints a section, keeps its raw reports, and puts it into the document."""
        click.echo(f"\n{text}")
        document.save(OUTPUT, section, measured)
        if self.write:
            document.write(DOCUMENT, section, text)


@click.command()
@click.option("--section", "sections", type=click.Choice(document.SECTIONS[1:]), multiple=True, help="Only these.")
@click.option("--case", "cases", type=click.Choice([case.key for case in CASES]), multiple=True, help="Only these.")
@click.option("--server", "servers", type=click.Choice(list(KINDS)), multiple=True, help="Only these.")
@click.option("--rounds", type=click.IntRange(1), default=5, show_default=True, help="Runs of each case per server.")
@click.option("--write/--no-write", default=True, show_default=True, help="Put the tables into docs/benchmarks.md.")
def main(sections: tuple[str, ...], cases: tuple[str, ...], servers: tuple[str, ...], rounds: int, write: bool) -> None:
    """Measure nac beside FreeRADIUS and hostapd."""
    if not BINARY.exists():
        raise click.ClickException("build first: cargo build --release -p nac-bench")
    folder = OUTPUT / "run"
    shutil.rmtree(folder, ignore_errors=True)
    bench = Bench(
        supplicant=Supplicant(BINARY),
        kinds=_kinds(servers),
        rounds=rounds,
        folder=folder,
        pki_for=functools.cache(functools.partial(_create_pki, folder)),
        write=write and not cases and not servers,
    )
    try:
        for section in sections or ("cost", "half-open", "scaling", "latency", "offered", "storm", "accounting"):
            _SECTIONS[section](bench, cases)
    except (ServerError, SupplicantError, cost.MeasurementError) as error:
        raise click.ClickException(str(error)) from error
    bench.tell("machine", document.machine(), {})


def _kinds(servers: tuple[str, ...]) -> list[ServerKind]:
    kinds = []
    for name in servers or KINDS:
        if INSTALLED[name]():
            kinds.extend(KINDS[name])
        else:
            click.echo(f"{name} is not installed: left out", err=True)
    return kinds


def _create_pki(folder: Path, name: str) -> Pki:
    """`name` is a kind of key, for all certificates, or `rsa4096` for the server's alone."""
    pairs: dict[str, tuple[KeyKind, KeyKind]] = {
        "p256": ("p256", "p256"),
        "rsa2048": ("rsa2048", "rsa2048"),
        "rsa4096": ("rsa4096", "p256"),
    }
    server, client = pairs[name]
    return create(folder / f"pki-{name}", server, client)


def _measure_cost(bench: Bench, only: tuple[str, ...]) -> None:
    cases = [case for case in CASES if not only or case.key in only]
    say = functools.partial(click.echo, err=True)
    costs = cost.measure(cases, bench.kinds, bench.pki_for, bench.folder / "cost", bench.supplicant, bench.rounds, say)
    bench.tell("cost", tables.cost(costs, [kind.name for kind in bench.kinds]), costs)
    floor = bench.supplicant.floor()
    bench.tell("floor", tables.floor(floor, costs), floor)


def _measure_floor(bench: Bench, _only: tuple[str, ...]) -> None:
    """Comes with the cost, to be compared with it; alone it is only shown."""
    click.echo(tables.floor(bench.supplicant.floor(), []))


def _measure_half_open(bench: Bench, _only: tuple[str, ...]) -> None:
    pki = bench.pki_for("p256")
    folder = bench.folder / "half-open"
    results = [
        half_open.measure(kind, pki, folder / str(number), bench.supplicant, shards=2)
        for number, kind in enumerate(bench.kinds)
        if kind.name in ("FreeRADIUS", "hostapd", "nac")
    ]
    bench.tell("half-open", tables.half_open(results), results)


def _measure_scaling(bench: Bench, _only: tuple[str, ...]) -> None:
    if not _has_nac(bench):
        return
    result = scaling.measure(bench.pki_for("rsa4096"), bench.folder / "scaling", bench.supplicant, bench.rounds)
    bench.tell("scaling", tables.scaling(result), result)


def _measure_latency(bench: Bench, _only: tuple[str, ...]) -> None:
    if not _has_nac(bench):
        return
    result = latency.measure(bench.pki_for("p256"), bench.folder / "latency", bench.supplicant)
    bench.tell("latency", tables.latency(result), result)


def _measure_offered(bench: Bench, _only: tuple[str, ...]) -> None:
    kinds = [kind for kind in bench.kinds if kind.name in ("nac", "FreeRADIUS", "hostapd")]
    say = functools.partial(click.echo, err=True)
    result = offered.measure(kinds, bench.pki_for("p256"), bench.folder / "offered", bench.supplicant, say)
    bench.tell("offered", tables.offered(result), result)
    if bench.write:
        OFFERED.write_text(offered_plot.draw(result))


def _measure_storm(bench: Bench, _only: tuple[str, ...]) -> None:
    if not _has_nac(bench):
        return
    result = storm.measure(bench.pki_for("p256"), bench.folder / "storm", bench.supplicant)
    bench.tell("storm", tables.storm(result), result)


def _measure_rules(bench: Bench, _only: tuple[str, ...]) -> None:
    servers: list[RuleServer] = [NAC] if _has_nac(bench) else []
    if any(kind.name == "FreeRADIUS" for kind in bench.kinds):
        servers = [*FREERADIUS, *servers]
    programs = rules.Programs(BINARY, DECIDE if DECIDE.exists() else None)
    say = functools.partial(click.echo, err=True)
    costs = rules.measure(servers, bench.pki_for("p256"), bench.folder / "rules", programs, bench.rounds, say)
    bench.tell("rules", tables.rules(costs), costs)
    if bench.write:
        PLOT.write_text(plot.draw(costs))


def _measure_coa(bench: Bench, _only: tuple[str, ...]) -> None:
    if not _has_nac(bench):
        return
    result = coa.measure(bench.folder / "coa")
    bench.tell("coa", tables.coa(result), result)


def _measure_posture(bench: Bench, _only: tuple[str, ...]) -> None:
    if not _has_nac(bench):
        return
    result = posture_coa.measure(bench.folder / "posture")
    bench.tell("posture", tables.posture(result), result)


def _measure_drain(bench: Bench, _only: tuple[str, ...]) -> None:
    runs = drain.measure(bench.folder / "drain", bench.rounds)
    bench.tell("drain", tables.drain(runs), runs)


def _measure_catch_up(bench: Bench, _only: tuple[str, ...]) -> None:
    if not _has_nac(bench):
        return
    say = functools.partial(click.echo, err=True)
    result = catch_up.measure(bench.pki_for("p256"), bench.folder / "catch-up", bench.supplicant, bench.rounds, say)
    bench.tell("catch-up", tables.catch_up(result), result)


def _measure_accounting(bench: Bench, _only: tuple[str, ...]) -> None:
    say = functools.partial(click.echo, err=True)
    names = {kind.name for kind in bench.kinds}
    with accounting.servers(nac="nac" in names, freeradius="FreeRADIUS" in names) as kinds:
        found = accounting.measure(
            kinds, bench.pki_for("p256"), bench.folder / "accounting", bench.supplicant, bench.rounds, say
        )
    bench.tell("accounting", tables.accounting(found), found)


def _measure_flame(bench: Bench, _only: tuple[str, ...]) -> None:
    if not _has_nac(bench):
        return
    if not flame.is_available():
        raise click.ClickException("perf is not installed: apt-get install linux-perf")
    profile = flame.measure(bench.pki_for("p256"), bench.folder / "flame", bench.supplicant)
    bench.tell("flame", tables.shares(profile.shares), profile.shares)
    if bench.write:
        FLAME.write_text(flame.draw(profile))


def _has_nac(bench: Bench) -> bool:
    return any(kind.name == "nac" for kind in bench.kinds)


_SECTIONS: dict[str, Callable[[Bench, tuple[str, ...]], None]] = {
    "cost": _measure_cost,
    "floor": _measure_floor,
    "half-open": _measure_half_open,
    "scaling": _measure_scaling,
    "latency": _measure_latency,
    "offered": _measure_offered,
    "storm": _measure_storm,
    "rules": _measure_rules,
    "coa": _measure_coa,
    "posture": _measure_posture,
    "drain": _measure_drain,
    "catch-up": _measure_catch_up,
    "accounting": _measure_accounting,
    "flame": _measure_flame,
}

if __name__ == "__main__":
    main()
