"""The `nac` command: `main` runs it; each noun is a file of this folder and is loaded only when it is used.

A noun's file exposes `cli` (a click command or group). Here stands only what `nac --help` needs, so that help costs no
import of a database or cryptography library (`tests/cli/test_help.py`). Exit codes: `nac/errors.py`, `docs/cli.md`.
"""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path
from typing import Any, Final, NoReturn

import click

from nac.cli.invocation import Invocation
from nac.errors import NacError

COMMANDS: Final[dict[str, str]] = {
    "init": "Write a commented nac.toml, a policy, a PKI and an empty database.",
    "serve": "Run the server.",
    "check": "Validate configuration, policy, certificates and their expiry.",
    "reload": "Make the running server read its files again.",
    "status": "Show what the running server is doing.",
    "client": "RADIUS clients: switches and wireless controllers.",
    "device": "Devices: their addresses, certificates, tags and posture.",
    "user": "Users and their groups.",
    "session": "Live sessions: list, show, log in again, disconnect, quarantine.",
    "posture": "Health of devices: verdicts, checks, findings, what would change.",
    "pki": "Certificates: authority, issue, revoke, lists.",
    "policy": "Who may reach what: check, explain, prove, compare, publish.",
    "auth": "Authentications: list, show, follow.",
    "why": "Explain what happened to a device, a user or one authentication.",
    "db": "The database: state, retention, backup, restore, check.",
    "audit": "Who changed what.",
    "agent": "The posture agent of this device: check, report, status.",
    "decode": "Decode RADIUS packets from hex or a capture.",
    "lab": "A campus on this machine: real supplicants, real switches' software, scenarios.",
    "completion": "Print a completion script for your shell.",
}
"""Every noun with its line in the help; the order is the order of the help."""

EPILOG: Final = (
    "Exit codes: 0 done, 1 unforeseen error, 2 wrong usage, 3 configuration, policy or certificates, "
    "4 not found or conflict, 5 database, 6 running server not reached, 141 output closed early."
)

BROKEN_PIPE: Final = 141
"""128 + SIGPIPE: what a shell shows for a program whose reader went away."""


class Nac(click.Group):
    """The root group: knows its nouns by name, imports one when it is called, and turns errors into exit codes."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"nac.cli.{cmd_name}").cli
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def invoke(self, ctx: click.Context) -> Any:
        debug = bool(ctx.params.get("debug"))
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except NacError as error:
            if debug:
                raise
            _report(error)
            ctx.exit(error.exit_code)
        except BrokenPipeError:
            _silence_stdout()
            ctx.exit(BROKEN_PIPE)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            if debug:
                raise
            from nac.cli.output import printable

            click.echo(f"nac: {type(error).__name__}: {printable(str(error))}", err=True)
            click.echo("fix: run it again with --debug before the command for the details", err=True)
            ctx.exit(1)
        return result


def _report(error: NacError) -> None:
    from nac.cli.output import printable

    for line in error.message.splitlines() or [""]:
        click.echo(f"nac: {printable(line)}", err=True)
    if error.fix:
        click.echo(f"fix: {printable(error.fix)}", err=True)


def _silence_stdout() -> None:
    """Point standard output at nothing, or the interpreter complains about the closed pipe once more at its end."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, sys.stdout.fileno())
    os.close(null)


@click.group(cls=Nac, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.option(
    "-c",
    "--config",
    type=click.Path(dir_okay=False, path_type=Path),
    envvar="NAC_CONFIG",
    help="Configuration file. Default: $NAC_CONFIG, ./nac.toml, /etc/nac/nac.toml.",
)
@click.option("--debug", is_flag=True, help="Show a traceback when something goes wrong.")
@click.version_option(package_name="nac", message="nac %(version)s")
@click.pass_context
def cli(ctx: click.Context, config: Path | None, debug: bool) -> None:
    """Network access control: a certificate in, a VLAN and an access list out."""
    ctx.obj = Invocation(chosen=config, debug=debug)


def main() -> NoReturn:
    """Run the command line and exit with its code."""
    cli.main(prog_name="nac")
    raise AssertionError("click's main exits by itself")
