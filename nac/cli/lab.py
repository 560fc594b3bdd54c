"""`nac lab`: a campus on this machine, for trying and for proving. It comes with the source, not with a package."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import click

from nac.cli.output import Format, output_option
from nac.cli.parameters import DurationParameter
from nac.config.duration import Duration
from nac.errors import NotFoundError

_folder = click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("lab-state"),
    show_default=True,
    help="Of this lab's files. Another folder is another lab; they do not meet.",
)


def _lab() -> Any:
    """The lab's own code, which nac itself never needs. Raises `NotFoundError` where it is not installed."""
    try:
        return importlib.import_module("lab.command")
    except ModuleNotFoundError as error:
        if error.name not in ("lab", "lab.command"):
            raise
        raise NotFoundError(
            "the lab is not installed", fix="it comes with the source: run nac from a checkout"
        ) from error


@click.group("lab")
def cli() -> None:
    """A campus on this machine: real supplicants, real switches' software, scenarios.

    Needs root and Linux, for it makes network namespaces; `make deps` installs what it runs.
    """


@cli.command("up")
@_folder
def up(folder: Path) -> None:
    """Make the campus anew, and let everybody who works there sign in.

    What an earlier lab in the same folder left behind, even one that was killed, is removed first.
    """
    _lab().up(folder)


@cli.command("status")
@_folder
def status(folder: Path) -> None:
    """Show every port of every switch with who is there."""
    _lab().status(folder)


@cli.command("exec", context_settings={"allow_interspersed_args": False, "ignore_unknown_options": True})
@_folder
@click.argument("host")
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
@click.pass_context
def execute(ctx: click.Context, folder: Path, host: str, command: tuple[str, ...]) -> None:
    """Run COMMAND on HOST, a device of those who work there, as root of its network.

    `nac lab exec laptop-anna nft flush ruleset` switches its firewall off, and no other.
    """
    ctx.exit(_lab().execute(folder, host, command))


@cli.command("run")
@click.argument("scenarios", nargs=-1)
@click.option("--list", "list_only", is_flag=True, help="Only list the scenarios.")
@_folder
@click.pass_context
def run(ctx: click.Context, scenarios: tuple[str, ...], list_only: bool, folder: Path) -> None:
    """Play SCENARIOS by name (s16-personal-laptop), by what they cover (S16), or `all`.

    Uses the lab that is up, or makes one for this and removes it. Writes a report, with captures, into the lab's
    folder. Exits with 1 when something was not as it must be.
    """
    if list_only:
        _lab().list_scenarios()
    elif not scenarios:
        raise click.UsageError("name a scenario, or `all`; --list shows them")
    elif not _lab().run(folder, scenarios):
        ctx.exit(1)


@cli.command("swarm")
@click.option("--supplicants", type=click.IntRange(1, 1_000_000), default=1000, show_default=True, help="Devices.")
@click.option(
    "--rate",
    type=click.FloatRange(0, min_open=True),
    default=100.0,
    show_default=True,
    help="Arrivals a second, at random times; a power cut has them all at once.",
)
@click.option(
    "--profile",
    type=click.Choice(["morning-rush", "power-cut", "roaming"]),
    default="morning-rush",
    show_default=True,
    help="How the devices come and go.",
)
@click.option("--stay", type=click.FloatRange(0), default=10.0, show_default=True, help="Seconds at a port.")
@click.option("--lose-every", type=click.IntRange(0), default=0, help="Lose one reply in this many on its way.")
@click.option(
    "--with-ticket",
    type=click.FloatRange(0, 1),
    default=0.0,
    help="Share of the devices that can resume a TLS session.",
)
@click.option("--posture", is_flag=True, help="Each device reports its posture, with a certificate of its own.")
@click.option(
    "--unhealthy",
    type=click.FloatRange(0, 1),
    default=0.1,
    show_default=True,
    help="Share of the devices that report a firewall that is off, with --posture.",
)
@click.option(
    "--report-every",
    type=click.FloatRange(5),
    default=5.0,
    show_default=True,
    help="Seconds from a verdict to the device's next report.",
)
@output_option
@click.pass_context
def swarm(ctx: click.Context, /, output: Format, **wanted: Any) -> None:
    """Let many real EAP-TLS devices log in, at simulated switches with accounting, and judge all that comes back.

    Makes a server for this on the loopback interface, and removes it; needs no root. Every MSK, every authenticator
    and the segment of every Access-Accept is verified. With --posture, so is every verdict, and devices that report a
    firewall that is off must be moved to remediation while they stay. Exits with 1 when something was not as it must
    be.
    """
    if not _lab().swarm(wanted, output):
        ctx.exit(1)


@cli.command("watch")
@click.option("--for", "duration", type=DurationParameter(), help="Stop after this span of time, such as 30s.")
@_folder
def watch(duration: Duration | None, folder: Path) -> None:
    """Show who reaches what, tried with real requests, and then each change as it happens."""
    _lab().watch(folder, duration.seconds if duration is not None else None)


@cli.command("down")
@_folder
def down(folder: Path) -> None:
    """Remove the campus: processes, namespaces, links and rules. Its files stay."""
    _lab().down(folder)
