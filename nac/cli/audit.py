"""`nac audit`: who changed what."""

from __future__ import annotations

import time

import click

from nac.cli.invocation import Invocation, pass_invocation
from nac.cli.output import Format, local_time, output_option, print_json, print_table
from nac.cli.parameters import DurationParameter
from nac.config.duration import Duration
from nac.db.audit import AuditFilter, newest


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
    """List the newest changes, the newest last."""
    start = int(time.time()) - since.seconds if since is not None else None
    wanted = AuditFilter(actor=actor, action=action, subject=subject, since=start)
    with invocation.database() as database, database.read() as session:
        rows = [(row.at, row.actor, row.action, row.subject, row.detail) for row in newest(session, wanted, limit)]
    if output == "json":
        names = ("at", "actor", "action", "subject", "detail")
        print_json([dict(zip(names, row, strict=True)) for row in rows])
        return
    cells = [(local_time(at), *said) for at, *said in rows]
    print_table(("TIME", "ACTOR", "ACTION", "SUBJECT", "DETAIL"), cells, empty="no changes match")
