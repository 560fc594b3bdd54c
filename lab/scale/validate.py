"""`python -m lab.scale.validate`: a real power cut beside the same one simulated, and how far they are apart.

The server has one core and one shard, and signs with RSA-4096, so that it and not the swarm is the limit; what a login
costs it is measured first.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import click

from lab.bench import cores, document, tables
from lab.bench.nac_server import Nac
from lab.bench.pki import create
from lab.bench.running_server import Setup, install, running
from lab.bench.supplicant import Json, Supplicant
from lab.scale.constants import CHEAP_US, ROUNDS_FULL
from lab.scale.plan import PAGE, PORTS_PER_SWITCH
from lab.scale.simulate import Node, Outcome, Simulation, Work, all_at_once

ROOT = Path(__file__).resolve().parents[2]
BINARY = ROOT / "target" / "release" / "nac-supplicant"
FOLDER = ROOT / "target" / "scale"

DEVICES = 1_000


@click.command()
@click.option("--write", is_flag=True, help="Put the table into docs/scale.md.")
def main(write: bool) -> None:
    """Compare the simulation with a real swarm."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    server_cores, swarm_cores = cores.split()
    supplicant = Supplicant(BINARY, swarm_cores)
    pki = create(FOLDER / "pki", "rsa4096", "p256")
    installed = install(Nac(), Setup(pki, shards=1), FOLDER / "nac")
    with running(installed, Supplicant(BINARY), cores=server_cores) as server:
        peak = supplicant.load(server, ["--tls", "1.3", "--concurrency", "16", "--warm-up", "50", "--duration", "5"])
        real = supplicant.swarm(
            server, ["--profile", "power-cut", "--tls", "1.3", "--stay", "1", "--supplicants", str(DEVICES)]
        )
    work = Work(rounds=ROUNDS_FULL, cheap_us=CHEAP_US, total_us=1e6 / float(peak["rate"]))
    # The round trip is short here, but the swarm begins all logins before it reads the first answer.
    node = Node(cores=1, rate=1e6, burst=1e6)
    simulated = Simulation(node, work).run(all_at_once(DEVICES, DEVICES // PORTS_PER_SWITCH, within_s=0.0))
    text = render(work, real, simulated)
    click.echo(text)
    if write:
        document.write(PAGE, "validation", text)


def render(work: Work, real: Json, simulated: Outcome) -> str:
    """The table of what was measured and simulated."""
    admission = real["latency_us"]["admission"]
    pairs = [
        ("all in, s", float(real["all_in_s"]), simulated.last_at),
        ("median until admission, s", admission["p50"] / 1e6, simulated.percentile(0.5)),
        ("p99 until admission, s", admission["p99"] / 1e6, simulated.percentile(0.99)),
        ("requests sent again", float(real["retransmits"]), float(simulated.retransmissions)),
    ]
    rows = [
        [label, f"{measured:,.1f}", f"{guessed:,.1f}", f"{guessed / measured - 1:+.0%}" if measured else "-"]
        for label, measured, guessed in pairs
    ]
    return f"{DEVICES:,} devices, {work.total_us / 1000:.2f} ms of one core for each login.\n\n" + tables.table(
        ["", "measured", "simulated", "the simulation is off by"], rows
    )


if __name__ == "__main__":
    main()
