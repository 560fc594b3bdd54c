"""`nac audit`: who changed what."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

import click

from nac.cli.invocation import Invocation, pass_invocation
from nac.cli.output import Format, local_time, output_option, print_json, print_table
from nac.cli.parameters import DurationParameter
from nac.config.duration import Duration
from nac.db.audit import AuditFilter, newest
from nac.db.schema import AdminAudit, AdminTaken
from nac.events.acts import places

_SHORT: Final = 8


@click.group("audit")
def cli() -> None:
    """Changes by administrators: who did what to whom, and when."""


@cli.command("list")
@click.option("--since", type=DurationParameter(), help="Only the last span of time, such as 7d.")
@click.option("--actor", help="Only what this user of the operating system did, as itself or through sudo.")
@click.option("--subject", help="Only what was done to this device, user, client or certificate, by its name.")
@click.option("--action", help="Only this noun, such as pki, or noun and verb, such as 'pki revoke'.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=50, show_default=True)
@output_option
@pass_invocation
def list_(
    invocation: Invocation,
    since: Duration | None,
    actor: str | None,
    subject: str | None,
    action: str | None,
    limit: int,
    output: Format,
) -> None:
    """List the newest changes, the newest last.

    Each with its place in the journal of every server that has taken it up: node and sequence.
    """
    start = int(time.time()) - since.seconds if since is not None else None
    wanted = AuditFilter(actor=actor, action=action, subject=subject, since=start)
    with invocation.database() as database, database.read() as session:
        rows = newest(session, wanted, limit)
        taken = places(session, rows)
    if output == "json":
        print_json([{**_said(row), "taken": [_place(one) for one in taken[row.id]]} for row in rows])
        return
    cells = [
        (*_said(row, local_time).values(), " ".join(f"{one.node[:_SHORT]}:{one.sequence}" for one in taken[row.id]))
        for row in rows
    ]
    print_table(("TIME", "ACTOR", "ACTION", "SUBJECT", "DETAIL", "JOURNAL"), cells, empty="no changes match")


def _said(row: AdminAudit, time_text: Callable[[int], object] = int) -> dict[str, Any]:
    names = ("actor", "action", "subject", "detail")
    return {"at": time_text(row.at), **{name: getattr(row, name) for name in names}}


def _place(one: AdminTaken) -> dict[str, str | int]:
    return {"node": one.node, "sequence": one.sequence, "at": one.at_us, "generation": one.generation}
