"""`nac db`: the database's state, and what is done to it as a whole."""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path

import click

from nac.cli.invocation import Invocation, pass_invocation
from nac.cli.output import Format, local_time, output_option, print_json, print_record, print_table, say
from nac.db.audit import os_user, record


@click.group("db")
def cli() -> None:
    """The database: clients, devices, users, versions of the policy, and what happened."""


@cli.command("status")
@output_option
@pass_invocation
def status(invocation: Invocation, output: Format) -> None:
    """Show engine, size, how far back history goes, and how far each node's journal is stored."""
    from nac.db.examine import overview

    with invocation.database() as database:
        with database.read() as session:
            found = overview(session)
        engine = {"engine": database.engine_name, "version": database.engine_version}
    if output == "json":
        print_json(engine | asdict(found))
        return
    print_record({"engine": " ".join(engine.values()), "size": f"{found.octets / 2**20:.1f} MiB"})
    say("")
    rows = [
        (one.table, one.oldest and local_time(one.oldest), one.newest and local_time(one.newest), len(one.partitions))
        for one in found.history
    ]
    print_table(("TABLE", "OLDEST", "NEWEST", "PARTITIONS"), rows)
    say("")
    nodes = [(one.node, one.sequence, one.committed_at and local_time(one.committed_at)) for one in found.nodes]
    print_table(("NODE", "STORED UP TO", "LAST STORED"), nodes, empty="no node has stored anything yet")


@cli.command("check")
@output_option
@pass_invocation
def check(invocation: Invocation, output: Format) -> None:
    """Look for damage, broken references and a schema of another version. Exit code 5 when there is any."""
    from nac.db.examine import problems

    found = problems(invocation.config.database.url)
    if output == "json":
        print_json({"ok": not found, "problems": found})
    else:
        for problem in found:
            say(f"problem: {problem}")
        if not found:
            say("ok: the database is sound")
    if found:
        raise SystemExit(5)


@cli.command("forget-node")
@click.argument("node")
@click.option("--force", is_flag=True, help="Even if it stored something minutes ago.")
@pass_invocation
def forget(invocation: Invocation, node: str, force: bool) -> None:
    """Close what a server left open that is gone for good. NODE: its id or the beginning of it (nac db status).

    Its sessions end and its changes are withdrawn; its history stays.
    """
    from nac.coa.gone_node import forget_node
    from nac.coa.moment import Moment

    here = invocation.config.node_file
    own = here.read_text().strip() if here.is_file() else None
    with invocation.database() as database, database.write() as session:
        gone = forget_node(session, node, Moment.now(), own=own, force=force)
        detail = f"{gone.sessions} sessions, {gone.changes} changes"
        record(session, os_user(), "db forget-node", gone.node, detail)
    say(f"{gone.node} is forgotten: {detail} were open")


@cli.command("retention")
@output_option
@pass_invocation
def retention(invocation: Invocation, output: Format) -> None:
    """Delete now what is past its limit ([events], [retention]). The running server does so by itself every hour."""
    from nac.events.retention import Limits, delete_older

    with invocation.database() as database:
        deleted = delete_older(database, Limits.of(invocation.config, now=int(time.time())))
        with database.write() as session:
            record(session, os_user(), "db retention", "database", f"{sum(deleted.rows.values())} rows")
    if output == "json":
        print_json(asdict(deleted))
        return
    print_table(("TABLE", "ROWS DELETED"), list(deleted.rows.items()), empty="nothing is past its limit")
    for partition in deleted.partitions:
        say(f"partition {partition} dropped")


@cli.command("backup")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@pass_invocation
def backup(invocation: Invocation, file: Path) -> None:
    """Write a consistent copy of the database to FILE; the server may run. FILE must not exist.

    SQLite: a database file. PostgreSQL: an archive of pg_dump, which has to be installed.
    """
    from nac.db.backup import back_up

    with invocation.database() as database, database.write() as session:
        record(session, os_user(), "db backup", str(file))
    back_up(invocation.config.database.url, file)
    say(f"{file}: {file.stat().st_size / 2**20:.1f} MiB")


@cli.command("restore")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Replace a database that has something in it.")
@pass_invocation
def restore(invocation: Invocation, file: Path, force: bool) -> None:
    """Put FILE, which `nac db backup` wrote, in the place of the database. The server must not run."""
    from nac.db import upgrade
    from nac.db.backup import restore as put_back
    from nac.state_lock import state_locked

    url = invocation.config.database.url
    with state_locked(invocation.config.server.state):
        put_back(url, file, replace=force)
        upgrade(url)
    with invocation.database() as database, database.write() as session:
        record(session, os_user(), "db restore", str(file))
    say(f"{file} is restored")
