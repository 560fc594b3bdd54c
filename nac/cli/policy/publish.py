"""`nac policy publish | history | rollback`: the policy's versions, from the folder to the running server and back."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nac.cli.invocation import Invocation, pass_invocation
from nac.cli.output import Format, local_time, output_option, print_json, print_table, say
from nac.cli.policy.loaded import path_argument
from nac.errors import ControlError

if TYPE_CHECKING:
    from nac.policy.source import Source


@click.command()
@path_argument
@click.option("--note", "remark", default="", help="What this version is for; shown by `nac policy history`.")
@pass_invocation
def publish(invocation: Invocation, path: Path | None, remark: str) -> None:
    """Make the policy at PATH the one that is in force.

    It is checked as the server checks it, with its tests and invariants; its files take the place of those in the
    configured folder at one moment; it is recorded as a version; and a running server takes it over. Without PATH, what
    stands in the configured folder is checked, recorded and taken over.
    """
    from nac.policy.load import read_sources

    sources = read_sources(path if path is not None else invocation.config.policy.path)
    _publish(invocation, sources, remark or "published")


@click.command()
@click.argument("number", type=int)
@pass_invocation
def rollback(invocation: Invocation, number: int) -> None:
    """Publish an earlier version again, as a new one. NUMBER as `nac policy history` shows it."""
    from nac.policy.history import sources_of

    with invocation.database() as database, database.read() as session:
        sources = sources_of(session, number)
    _publish(invocation, sources, f"rollback to {number}")


@click.command()
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="How many versions.")
@output_option
@pass_invocation
def history(invocation: Invocation, limit: int, output: Format) -> None:
    """List the versions of the policy, newest first: who published them when, and the server's generation."""
    from dataclasses import asdict

    from nac.policy.history import versions

    with invocation.database() as database, database.read() as session:
        found = versions(session, limit)
    if output == "json":
        print_json([asdict(one) for one in found])
        return
    rows = [(one.number, local_time(one.at), one.author, one.generation, one.digest[:16], one.note) for one in found]
    print_table(("VERSION", "AT", "BY", "GENERATION", "DIGEST", "NOTE"), rows, empty="no version is recorded yet")


def _publish(invocation: Invocation, sources: Sequence[Source], note: str) -> None:
    """Check, write, record, and let the server take it. Raises `NacError`; before the check is done nothing changes."""
    from nac.db.audit import os_user
    from nac.policy.history import record
    from nac.policy.load import digest, read_sources
    from nac.policy.write import write_policy

    _check(invocation, sources)
    folder = invocation.config.policy.path
    with invocation.database() as database, database.write() as session:
        version = record(session, sources, author=os_user(), note=note, now=int(time.time()))
        if not folder.exists() or digest(read_sources(folder)) != version.digest:
            write_policy(folder, sources)
    say(f"version {version.number}, digest {version.digest[:16]}: written to {folder} and recorded")
    _reload(invocation)


def _check(invocation: Invocation, sources: Sequence[Source]) -> None:
    """As the server will: for the dialects of its clients."""
    from sqlalchemy import select

    from nac.db.schema import Client
    from nac.enforcement.dictionary import shipped_dictionary
    from nac.policy.compile import compile_policy
    from nac.policy.load import read

    with invocation.database() as database, database.read() as session:
        dialects = set(session.scalars(select(Client.dialect)))
    compile_policy(read(sources), shipped_dictionary(), dialects=dialects or None)


def _reload(invocation: Invocation) -> None:
    """Let a running server take it over and say what it answered. Raises `ControlError` when it refused."""
    from nac.control.ask import ask

    socket = invocation.control_socket()
    if not socket.exists():
        say("no server is running: the next one will start with it")
        return
    answer = ask(socket, "reload")
    if not answer.ok:
        raise ControlError(answer.message, fix=answer.fix or "`nac policy rollback` brings an earlier version back")
    say(f"the server answered: {answer.message}")
