"""`nac policy reach | matrix`: how far a persona or a device reaches, and all personas at once."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from nac.cli.invocation import Invocation, pass_invocation
from nac.cli.output import Format, note, output_option, print_json, print_table, printable, say
from nac.cli.policy.loaded import loaded, not_decided, policy_option
from nac.errors import NotFoundError, PolicyError

if TYPE_CHECKING:
    from nac.policy.model import Policy
    from nac.policy.reach import Reached

_MARKS = {"always": "●", "sometimes": "○", "never": "·"}


@click.command()
@click.argument("kind", type=click.Choice(["persona", "device"]))
@click.argument("name")
@policy_option
@output_option
@pass_invocation
def reach(
    invocation: Invocation, kind: Literal["persona", "device"], name: str, path: Path | None, output: Format
) -> None:
    """List everything that a persona, or a device as it is now, could reach: its blast radius.

    For a device its records and its owner's are as they are; where and when it connects is left open.
    """
    from nac.policy.in_words import facts_in_words
    from nac.policy.reach import blast_radius
    from nac.policy.solve import UndecidedError
    from nac.policy.walk import conditions, leaves

    policy = loaded(invocation, path).policy
    try:
        found = _of_persona(policy, name) if kind == "persona" else _of_device(invocation, policy, name)
    except UndecidedError as error:
        raise not_decided(error) from error
    asked = {leaf.fact.text for one in conditions(policy) for leaf in leaves(one) if hasattr(leaf, "fact")}
    rows = [
        {
            "resource": one.resource.name.text,
            "kind": one.resource.kind.text,
            "sensitivity": one.sensitivity,
            "environment": one.resource.label("environment"),
            "flow": str(one.flow),
            "through": one.way.granted,
            "example": facts_in_words(one.facts, asked),
        }
        for one in found
    ]
    if output == "json":
        print_json({kind: name, "blast_radius": blast_radius(found), "reaches": rows})
        return
    columns = ("resource", "kind", "sensitivity", "environment", "flow")
    print_table([one.upper() for one in columns], [[row[one] for one in columns] for row in rows])
    say(
        f"{printable(name)} could reach {len(found)} of {len(policy.resources)} resources, radius {blast_radius(found)}"
    )


def _of_persona(policy: Policy, name: str) -> list[Reached]:
    from nac.policy.reach import reach_of_persona
    from nac.policy.source import nearest

    known = [persona.name.text for persona in policy.personas]
    if name not in known:
        raise PolicyError([f"there is no persona `{name}`; {nearest(name, known)}"])
    return reach_of_persona(policy, name)


def _of_device(invocation: Invocation, policy: Policy, name: str) -> list[Reached]:
    from nac.policy.reach import reach_of_session
    from nac.policy.session_facts import gather

    with invocation.database() as database, database.read() as session:
        found = gather(session, policy, user=None, device=name, client=None, now=int(time.time()))
    if found.facts["device.known"] is False:
        raise NotFoundError(f"there is no device {name!r}", fix="`nac device list` shows them")
    for remark in found.notes:
        note(remark)
    return reach_of_session(policy, found.facts)


@click.command()
@policy_option
@click.option("--svg", type=click.Path(dir_okay=False, path_type=Path), help="Draw it into this file too.")
@output_option
@pass_invocation
def matrix(invocation: Invocation, path: Path | None, svg: Path | None, output: Format) -> None:
    """Show personas and resources: reached in every accepted session of the persona, in some, or in none."""
    from nac.policy.matrix import as_svg
    from nac.policy.matrix import matrix as matrix_of
    from nac.policy.solve import UndecidedError

    try:
        found = matrix_of(loaded(invocation, path).policy)
    except UndecidedError as error:
        raise not_decided(error) from error
    if svg is not None:
        svg.write_text(as_svg(found), encoding="utf-8")
    if output == "json":
        cells = {one: {name: found.cells[one, name] for name in found.resources} for one in found.personas}
        print_json(cells)
        return
    rows = [[name, *(_MARKS[found.cells[one, name]] for one in found.personas)] for name in found.resources]
    print_table(("", *found.personas), rows)
    say("● in every accepted session, ○ in some, · never")
