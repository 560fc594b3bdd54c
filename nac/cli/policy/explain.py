"""`nac policy explain | why-not`: one session, what it gets and why, and what would get it more."""

from __future__ import annotations

import time as clock
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from nac.cli.invocation import Invocation, pass_invocation
from nac.cli.output import Format, note, output_option, print_json, print_record, print_table, printable, say
from nac.cli.policy.loaded import loaded, not_decided, path_argument, policy_option, resource_named

if TYPE_CHECKING:
    from nac.policy.explain import Explanation
    from nac.policy.model import Policy
    from nac.policy.session_facts import Gathered

_F = TypeVar("_F", bound=Callable[..., Any])

_STANDARD = "rfc4849"


def _session_options(command: _F) -> _F:
    """Whose session it is; what is not given comes from the records."""
    for option in (
        click.option(
            "--fact", "assignments", multiple=True, metavar="NAME=VALUE", help="A fact as it is; sets: a,b,c."
        ),
        click.option("--time", metavar="TIME", help='When, e.g. "2026-03-29T02:30+01:00". Default: now.'),
        click.option("--posture", metavar="STATUS", help="The posture status, instead of the recorded one."),
        click.option(
            "--session", "authentication", metavar="ID", help="The facts of this authentication (`nac auth`)."
        ),
        click.option("--client", metavar="NAME", help="The RADIUS client that asks."),
        click.option("--device", metavar="NAME", help="A device, by its name or a MAC address."),
        click.option("--user", metavar="NAME", help="A user."),
    ):
        command = option(command)
    return command


@click.command()
@path_argument
@_session_options
@click.option(
    "--dialect", help=f"Show the reply as this dialect writes it. Default: that of the RADIUS client, else {_STANDARD}."
)
@output_option
@pass_invocation
def explain(invocation: Invocation, /, path: Path | None, dialect: str | None, output: Format, **session: Any) -> None:
    """Say what the policy decides for a session, and why: each statement and what became of it.

    With --user, --device, --client or --session the facts come from the database, as the data plane would see them;
    --fact changes single ones. With --fact alone all others are unknown; flags of devices and users are false, as for
    those not on record.
    """
    from nac.enforcement.dictionary import shipped_dictionary
    from nac.policy.compile import compile_policy
    from nac.policy.explain import explain as explain_decision
    from nac.policy.explain import reply_attributes

    checked = loaded(invocation, path)
    gathered = _gathered(invocation, checked.policy, **session)
    dialect = dialect or gathered.dialect or _STANDARD
    policy = compile_policy(checked, shipped_dictionary(), dialects=(dialect,))
    explanation = explain_decision(checked.policy, gathered.facts)
    site = gathered.facts.get("client.site")
    sent = reply_attributes(policy.layouts[dialect], checked.policy, explanation.verdict, str(site) if site else None)
    attributes = [(one.name, one.value) for one in sent.attributes]
    if output == "json":
        report = {"facts": gathered.facts, "notes": gathered.notes, **_as_json(explanation)}
        print_json({**report, "reply": attributes, "remark": sent.remark})
        return
    for remark in gathered.notes:
        note(remark)
    _print_explanation(explanation)
    if attributes or sent.remark:
        say("")
    if sent.remark:
        say(printable(sent.remark))
    if attributes:
        print_table((f"REPLY ({dialect})", ""), attributes)


@click.command("why-not")
@click.argument("resource")
@policy_option
@_session_options
@output_option
@pass_invocation
def why_not(invocation: Invocation, /, resource: str, path: Path | None, output: Format, **session: Any) -> None:
    """Say which smallest change of facts would open RESOURCE to a session.

    What the user or the device can do is preferred to what an administrator can, and nobody is told to become someone
    else.
    """
    from nac.policy.in_words import change_in_words
    from nac.policy.solve import UndecidedError
    from nac.policy.why_not import why_not as cheapest_change

    policy = loaded(invocation, path).policy
    resource_named(policy, resource)
    gathered = _gathered(invocation, policy, **session)
    try:
        answer = cheapest_change(policy, gathered.facts, resource)
    except UndecidedError as error:
        raise not_decided(error) from error
    words = [change_in_words(change, user=gathered.user, device=gathered.device) for change in answer.changes or ()]
    if output == "json":
        changes = None if answer.changes is None else [
            {"fact": one.fact, "member": one.member, "before": one.before, "after": one.after} for one in answer.changes
        ]  # fmt: skip
        print_json({"resource": resource, "reached": answer.reached, "changes": changes, "words": words})
        return
    for remark in gathered.notes:
        note(remark)
    if answer.reached:
        say(f"{resource} is open to this session already")
    elif answer.changes is None:
        say(f"{resource} stays closed to this user and device, whatever is changed about them")
    else:
        say(f"{resource} would open with:")
        for line in words:
            say(f"  {printable(line)}")


def _gathered(
    invocation: Invocation,
    policy: Policy,
    *,
    user: str | None,
    device: str | None,
    client: str | None,
    authentication: str | None,
    posture: str | None,
    time: str | None,
    assignments: tuple[str, ...],
) -> Gathered:
    """The facts of the session that the options describe."""
    from nac.policy.explain import parse_facts
    from nac.policy.facts import as_on_a_packet, catalogue
    from nac.policy.session_facts import Gathered, gather, recorded_session

    extra = (*assignments, *_of_posture(posture, assignments), *([f"time={time}"] if time else []))
    given = parse_facts(extra, catalogue())
    now = int(clock.time())
    if authentication is not None:
        with invocation.database() as database, database.read() as session:
            found = recorded_session(session, authentication, now=now)
    elif user or device or client:
        with invocation.database() as database, database.read() as session:
            found = gather(session, policy, user=user, device=device, client=client, now=now)
    else:
        return Gathered(as_on_a_packet(given), (), str(given.get("user.name", "-")), str(given.get("device.name", "-")))
    return replace(found, facts={**found.facts, **given})


def _of_posture(status: str | None, assignments: tuple[str, ...]) -> list[str]:
    """A report that says so now, unless its age is given too."""
    if not status:
        return []
    aged = any(assignment.startswith("posture.freshness=") for assignment in assignments)
    freshness = "unknown" if status == "unknown" else "fresh"
    return [f"posture.status={status}", *([] if aged else [f"posture.freshness={freshness}"])]


def _as_json(explanation: Explanation) -> dict[str, object]:
    verdict = explanation.verdict
    return {
        "verdict": "accept" if verdict.segment is not None else "reject",
        "segment": verdict.segment,
        "rule": verdict.rule.span.location if verdict.rule else None,
        "grants": verdict.grants,
        "steps": [
            {"location": step.location, "statement": step.statement, "result": step.result}
            for step in explanation.steps
        ],
    }


def _print_explanation(explanation: Explanation) -> None:
    verdict = explanation.verdict
    print_table(
        ("WHERE", "RESULT", "STATEMENT"), [(step.location, step.result, step.statement) for step in explanation.steps]
    )
    say("")
    decided = verdict.rule.span.location if verdict.rule else "nothing matched (default deny)"
    print_record(
        {
            "verdict": "accept" if verdict.segment is not None else "reject",
            "segment": verdict.segment,
            "decided by": decided,
            "reaches": verdict.grants,
        }
    )
