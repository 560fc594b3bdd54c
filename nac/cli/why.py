"""`nac why`: the chain of what happened, with the check that failed and what to do."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import Final

import click
import msgspec

from nac.cli.invocation import Invocation, pass_invocation
from nac.cli.output import Format, output_option, print_json, print_lines, printable
from nac.errors import NotFoundError
from nac.events.chain import Mark, Step
from nac.events.why import why

_MARKS: Final[dict[Mark, tuple[str, str]]] = {
    "ok": ("ok", "green"),
    "failed": ("FAIL", "bold red"),
    "skipped": ("-", "dim"),
    "info": ("", ""),
}


@click.command("why")
@click.argument("subject")
@output_option
@pass_invocation
@click.pass_context
def cli(ctx: click.Context, invocation: Invocation, subject: str, output: Format) -> None:
    """Explain what happened to a device, a user or one authentication.

    SUBJECT is a MAC address in any notation, the name of a device, user or client, an address of a switch, or the id
    of an authentication (or its first eight digits). Exits with 4 when nothing is known of it.
    """
    with invocation.database() as database, database.read() as session:
        explanation = why(session, subject, now=int(time.time()))
    stored = explanation.authentication
    if output == "json":
        event = msgspec.to_builtins(stored.event) if stored is not None else None
        print_json({"subject": subject, "steps": [asdict(step) for step in explanation.steps], "event": event})
    else:
        _print_steps(explanation.steps)
    if stored is None:
        ctx.exit(NotFoundError.exit_code)


def _print_steps(steps: list[Step]) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for step in steps:
        word, style = _MARKS[step.mark]
        table.add_row(Text(word, style), Text(step.name, "bold"), Text(printable(step.text)))
    print_lines(table)
