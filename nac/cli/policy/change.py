"""`nac policy diff | replay`: what a change would change, proved over all facts and tried on what was recorded."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nac.cli.invocation import Invocation, pass_invocation
from nac.cli.output import Format, output_option, print_json, print_table, say
from nac.cli.parameters import DurationParameter
from nac.cli.policy.loaded import loaded, not_decided
from nac.config.duration import Duration

if TYPE_CHECKING:
    from nac.policy.diff import Difference
    from nac.policy.model import Policy, Value
    from nac.policy.reference import Verdict

_SHOWN = 50
"""Changes of a replay that a table shows; JSON has all."""


@click.command()
@click.argument("old")
@click.argument("new", required=False)
@output_option
@pass_invocation
def diff(invocation: Invocation, old: str, new: str | None, output: Format) -> None:
    """Say who gains and who loses what between two policies.

    OLD and NEW are files or folders, or numbers of `nac policy history`; without NEW, the configured policy.
    """
    from nac.policy.diff import difference
    from nac.policy.in_words import facts_in_words
    from nac.policy.solve import UndecidedError

    before = _policy(invocation, old)
    after = _policy(invocation, new) if new is not None else loaded(invocation, None).policy
    try:
        found = difference(before, after, _device_facts(invocation, after))
    except UndecidedError as error:
        raise not_decided(error) from error
    rows = _rows(found)
    if output == "json":
        keys = ("what", "name", "change", "example")
        print_json(
            [dict(zip(keys, (*row[:3], row[3] and facts_in_words(row[3], found.asked)), strict=True)) for row in rows]
        )
        return
    table = [(*row[:3], facts_in_words(row[3], found.asked) if row[3] else None) for row in rows]
    print_table(("WHAT", "NAME", "CHANGE", "EXAMPLE"), table, empty="nothing changes for anyone")


def _policy(invocation: Invocation, text: str) -> Policy:
    """A file or folder, else the version of that number."""
    from nac.policy.history import sources_of
    from nac.policy.load import read

    if not text.isdecimal() or Path(text).exists():
        return loaded(invocation, Path(text)).policy
    with invocation.database() as database, database.read() as session:
        return read(sources_of(session, int(text))).policy


def _device_facts(invocation: Invocation, policy: Policy) -> dict[str, dict[str, Value]]:
    """The facts of every device on record; none where there is no configuration to find the database by."""
    from sqlalchemy import select

    from nac.db.schema import Device
    from nac.errors import ConfigError
    from nac.policy.session_facts import gather

    try:
        invocation.config_path  # noqa: B018 - raises when there is none
    except ConfigError:
        return {}
    now = int(time.time())
    with invocation.database() as database, database.read() as session:
        names = session.scalars(select(Device.name).order_by(Device.key)).all()
        return {name: gather(session, policy, user=None, device=name, client=None, now=now).facts for name in names}


def _rows(found: Difference) -> list[tuple[str, str, str, dict[str, Value] | None]]:
    rows: list[tuple[str, str, str, dict[str, Value] | None]] = []
    for gain in found.gains:
        verb = "gains" if gain.gained else "loses"
        what = "persona" if gain.persona else "anyone"
        rows.append((what, gain.persona or "", f"{verb} {gain.resource}", gain.example))
    for move in found.moves:
        rows.append(("persona", move.persona, f"{move.before or 'reject'} -> {move.after or 'reject'}", move.example))
    rows += [("device", one.device, _otherwise(one.before, one.after), None) for one in found.devices]
    rows += [(one.kind, one.name, one.what, None) for one in found.declared]
    return rows


def _otherwise(before: Verdict, after: Verdict) -> str:
    """What is another answer: where a session is put, what it gains and loses."""
    moved = "" if before.segment == after.segment else f"{before.segment or 'reject'} -> {after.segment or 'reject'}"
    gained = ", ".join(name for name in after.grants if name not in before.grants)
    lost = ", ".join(name for name in before.grants if name not in after.grants)
    return "; ".join(filter(None, (moved, gained and f"gains {gained}", lost and f"loses {lost}")))


@click.command()
@click.option("--since", type=DurationParameter(), default="30d", show_default=True, help="How far back.")
@click.option("--candidate", required=True, type=click.Path(exists=True, path_type=Path), help="The policy to try.")
@output_option
@pass_invocation
def replay(invocation: Invocation, since: Duration, candidate: Path, output: Format) -> None:
    """Decide recorded authentications again with a candidate, and list whom it would answer otherwise.

    Compared with the configured policy over the same facts. The digest at the end is the same whenever the same records
    meet the same two policies.
    """
    from nac.policy.replay import replay as replay_recorded

    current, tried = loaded(invocation, None).policy, loaded(invocation, candidate).policy
    until = int(time.time()) + 1
    with invocation.database() as database, database.read() as session:
        found = replay_recorded(session, current, tried, since=until - since.seconds, until=until)
    totals = {
        "authentications": found.authentications,
        "decisions": found.decisions,
        "without_facts": found.without_facts,
        "changes": found.changes,
        "digest": found.digest,
    }
    rows = [
        (one.device, ", ".join(one.personas), str(one.before), str(one.after), one.authentications)
        for one in found.changed
    ]
    if output == "json":
        keys = ("device", "personas", "before", "after", "authentications")
        print_json({**totals, "changed": [dict(zip(keys, row, strict=True)) for row in rows]})
        return
    print_table(("DEVICE", "PERSONAS", "NOW", "WITH THE CANDIDATE", "TIMES"), rows[:_SHOWN])
    if len(rows) > _SHOWN:
        say(f"and {len(rows) - _SHOWN} lines more: -o json lists all")
    say(
        f"{found.authentications} authentications, {found.decisions} different ones, "
        f"{found.changes} answered otherwise; {found.without_facts} never came to a decision"
    )
    say(f"digest {found.digest}")
