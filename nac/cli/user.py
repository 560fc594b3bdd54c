"""`nac user`: users and their groups."""

from __future__ import annotations

import time
from typing import Any

import click

from nac.cli.invocation import Invocation, pass_invocation
from nac.cli.output import Cell, Format, cell, local_time, output_option, print_json, print_record, print_table, say
from nac.cli.parameters import NameParameter
from nac.db.audit import os_user
from nac.db.schema import User
from nac.identity.name import Name
from nac.identity.users import Users


@click.group("user")
def cli() -> None:
    """Users and their groups.

    nac keeps no passwords: a user is known by a certificate. The running server takes a change over by itself.
    """


@cli.command("add")
@click.argument("name", type=NameParameter())
@click.option("--group", "groups", multiple=True, type=NameParameter(), help="A group to be in; repeatable.")
@pass_invocation
def add(invocation: Invocation, name: Name, groups: tuple[Name, ...]) -> None:
    """Add a user."""
    with invocation.database() as database, database.write() as session:
        Users(session, actor=os_user(), now=int(time.time())).add(name, groups)
    say(f"user {cell(name.text)} added")


@cli.command("list")
@click.option("--group", help="Only users of this group.")
@output_option
@pass_invocation
def list_(invocation: Invocation, group: str | None, output: Format) -> None:
    """List users."""
    with invocation.database() as database, database.read() as session:
        users = [_as_json(u) for u in Users(session, actor=os_user(), now=int(time.time())).find(group=group)]
    if output == "json":
        print_json(users)
        return
    rows: list[list[Cell]] = [[user["name"], _state(user), user["groups"]] for user in users]
    print_table(("NAME", "STATE", "GROUPS"), rows, empty="no users; add one with `nac user add`")


@cli.command("show")
@click.argument("user")
@output_option
@pass_invocation
def show(invocation: Invocation, user: str, output: Format) -> None:
    """Show one user."""
    with invocation.database() as database, database.read() as session:
        found = _as_json(Users(session, actor=os_user(), now=int(time.time())).get(user))
    if output == "json":
        print_json(found)
        return
    added = local_time(found["added"])
    print_record({"name": found["name"], "state": _state(found), "groups": found["groups"], "added": added})


@cli.command("group")
@click.argument("user")
@click.argument("groups", nargs=-1, type=NameParameter())
@click.option("--remove", "removed", multiple=True, type=NameParameter(), help="A group to leave; repeatable.")
@pass_invocation
def group_(invocation: Invocation, user: str, groups: tuple[Name, ...], removed: tuple[Name, ...]) -> None:
    """Put a user into GROUPS, or take him out of some."""
    if not groups and not removed:
        raise click.UsageError("name a group to join, or --remove one")
    with invocation.database() as database, database.write() as session:
        users = Users(session, actor=os_user(), now=int(time.time()))
        changed = users.regroup(user, add=groups, remove=removed)
        name, now_in = changed.name, [group.name for group in changed.groups]
    say(f"user {cell(name)} is now in: {cell(now_in)}")


@cli.command("disable")
@click.argument("user")
@pass_invocation
def disable(invocation: Invocation, user: str) -> None:
    """Refuse a user from the next authentication on."""
    with invocation.database() as database, database.write() as session:
        name = Users(session, actor=os_user(), now=int(time.time())).disable(user).name
    say(f"user {cell(name)} disabled")


@cli.command("enable")
@click.argument("user")
@pass_invocation
def enable(invocation: Invocation, user: str) -> None:
    """Take `disable` back."""
    with invocation.database() as database, database.write() as session:
        name = Users(session, actor=os_user(), now=int(time.time())).enable(user).name
    say(f"user {cell(name)} enabled")


@cli.command("remove")
@click.argument("user")
@pass_invocation
def remove(invocation: Invocation, user: str) -> None:
    """Forget a user. What he did stays in `nac auth` for the retention time."""
    with invocation.database() as database, database.write() as session:
        name = Users(session, actor=os_user(), now=int(time.time())).remove(user)
    say(f"user {cell(name)} removed")


def _as_json(user: User) -> dict[str, Any]:
    """A user as `-o json` prints it. `added`: Unix seconds."""
    return {
        "name": user.name,
        "disabled": user.disabled,
        "groups": [group.name for group in user.groups],
        "added": user.created_at,
    }


def _state(user: dict[str, Any]) -> str:
    return "disabled" if user["disabled"] else "enabled"
