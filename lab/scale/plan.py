"""`python -m lab.scale.plan`: the tables of docs/scale.md, calculated and simulated anew from `constants`.

A million endpoints on 200 sites, served by four nodes that each know all devices; `--write` puts the tables into the
page.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import click

from lab.bench import document
from lab.bench.tables import table
from lab.scale import constants as measured
from lab.scale.simulate import Node, Outcome, Simulation, Work, all_at_once, rush

PAGE = Path(__file__).resolve().parents[2] / "docs" / "scale.md"

ENDPOINTS = 1_000_000
SITES = 200
NODES = 4
PORTS_PER_SWITCH = 48

INTERIM_S = 600
LOGINS_PER_DAY = 4
"""One in the morning and three at the end of Session-Timeout, resumed."""

RUSH_SHARE = 0.5
RUSH_S = 900
"""Half of all devices come within a quarter of an hour."""

SIMULATED_RUSH_S = 20.0
"""So much of the rush is simulated: it is the same throughout."""

CUTS = ((2_000, 2), (5_000, 2), (5_000, 4), (10_000, 4))
"""Devices that come back together, and cores of the node that they ask."""

MIB = 1 << 20


@dataclass(frozen=True)
class Rates:
    """What the whole estate does in a second: logins, with full or resumed handshakes, and accounting records."""

    full: float
    resumed: float
    records: float

    @property
    def cores(self) -> float:
        """Cores kept busy, the records' way into the database included."""
        used = (
            self.full * measured.FULL.all + self.resumed * measured.RESUMED.all + self.records * measured.ACCOUNTING.all
        )
        return used / 1e6

    @property
    def journal_mib(self) -> float:
        """MiB that go into the journals."""
        logins = (self.full + self.resumed) * measured.EVENT_OCTETS
        return (logins + self.records * measured.JOURNAL_RECORD_OCTETS) / MIB

    @property
    def rows(self) -> float:
        """Rows: a login has one, and one of its facts at most; a record has one."""
        return 2 * (self.full + self.resumed) + self.records

    @property
    def database_mib(self) -> float:
        """MiB of those rows' contents."""
        return ((self.full + self.resumed) * measured.EVENT_OCTETS + self.records * measured.RECORD_OCTETS) / MIB


def quiet() -> Rates:
    """Noon: everybody is in, sessions are renewed."""
    renewals = ENDPOINTS * (LOGINS_PER_DAY - 1) / 86_400
    return Rates(full=0, resumed=renewals, records=ENDPOINTS / INTERIM_S + 2 * renewals)


def morning() -> Rates:
    """The rush, with full handshakes: yesterday's tickets are worth nothing any more."""
    arrivals = ENDPOINTS * RUSH_SHARE / RUSH_S
    return Rates(full=arrivals, resumed=0, records=ENDPOINTS * RUSH_SHARE / INTERIM_S + arrivals)


def rates() -> str:
    """The table of what the estate does in a second."""
    rows = [
        ["logins/s", *(f"{one.full + one.resumed:,.0f}" for one in (quiet(), morning()))],
        ["accounting records/s", *(f"{one.records:,.0f}" for one in (quiet(), morning()))],
        ["cores kept busy, all nodes", *(f"{one.cores:.2f}" for one in (quiet(), morning()))],
        ["journals, MiB/s", *(f"{one.journal_mib:.2f}" for one in (quiet(), morning()))],
        ["database, rows/s", *(f"{one.rows:,.0f}" for one in (quiet(), morning()))],
        ["database, MiB/s", *(f"{one.database_mib:.2f}" for one in (quiet(), morning()))],
        ["database, GiB a day at that rate", f"{quiet().database_mib * 86_400 / 1024:,.0f}", "-"],
    ]
    return table(["", "quiet", "morning rush"], rows)


def memory() -> str:
    """The table of what one node holds."""
    facts = ENDPOINTS * measured.FACTS_OCTETS / MIB
    sessions = ENDPOINTS / NODES * measured.SESSION_OCTETS / MIB
    rows = [
        ["idle", f"{measured.IDLE_MIB:,.0f}"],
        [f"{ENDPOINTS:,} devices on record", f"{facts:,.0f}"],
        [f"{ENDPOINTS // NODES:,} live sessions", f"{sessions:,.0f}"],
        ["together", f"{measured.IDLE_MIB + facts + sessions:,.0f}"],
    ]
    return table(["one node holds", "MiB"], rows)


def power_cut() -> str:
    """The table of devices that all come back at once, full and resumed."""
    rows = []
    for devices, cores in CUTS:
        for kind, work in (("full", measured.FULL_WORK), ("resumed", measured.RESUMED_WORK)):
            clients = -(-devices // PORTS_PER_SWITCH)
            outcome = Simulation(Node(cores), work).run(all_at_once(devices, clients))
            rows.append([f"{devices:,}", str(cores), kind, *_outcome(outcome, devices, work, cores)])
    header = ["devices", "cores", "handshakes", "all in, s", "work alone, s", "median, s", "p99, s"]
    return table([*header, "sent again", "given up for room", "began again"], rows)


def _outcome(outcome: Outcome, devices: int, work: Work, cores: int) -> list[str]:
    return [
        f"{outcome.last_at:.1f}",
        f"{devices * work.total_us / 1e6 / cores:.1f}",
        f"{outcome.percentile(0.5):.2f}",
        f"{outcome.percentile(0.99):.2f}",
        f"{outcome.retransmissions:,}",
        f"{outcome.evicted:,}",
        f"{outcome.restarts:,}",
    ]


def morning_rush() -> str:
    """How one node with one core for answers takes its part of the rush."""
    rate = morning().full / NODES
    switches = ENDPOINTS // PORTS_PER_SWITCH // NODES
    outcome = Simulation(Node(cores=1), measured.FULL_WORK).run(rush(rate, SIMULATED_RUSH_S, switches))
    busy = outcome.busy_s / SIMULATED_RUSH_S
    median, slowest = (outcome.percentile(share) * 1000 for share in (0.5, 0.99))
    return (
        f"A node takes {rate:.0f} logins/s on one core, busy for {busy:.0%} of the time. From arrival to admission: "
        f"median {median:.0f} ms, p99 {slowest:.0f} ms, {measured.ROUNDS_FULL} round trips of "
        f"{Node(1).round_trip_s * 1000:.0f} ms among them; {outcome.retransmissions} requests sent again.\n"
    )


SECTIONS: dict[str, Callable[[], str]] = {
    "rates": rates,
    "memory": memory,
    "morning": morning_rush,
    "power-cut": power_cut,
}


@click.command()
@click.option("--write", is_flag=True, help="Put the tables into docs/scale.md.")
def main(write: bool) -> None:
    """Calculate and simulate what a million endpoints need."""
    for section, render in SECTIONS.items():
        text = render()
        click.echo(f"{section}\n{text}")
        if write:
            document.write(PAGE, section, text)


if __name__ == "__main__":
    main()
