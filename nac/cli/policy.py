"""`nac policy`: check the policy, list the facts it can name, explain a decision."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nac.cli.invocation import Invocation, pass_invocation
from nac.cli.output import Format, note, output_option, print_json, print_record, print_table, printable, say
from nac.errors import PolicyError

if TYPE_CHECKING:
    from nac.policy.compile import CompiledPolicy
    from nac.policy.explain import Explanation
    from nac.policy.load import CheckedPolicy

_PATH = click.argument("path", required=False, type=click.Path(path_type=Path))
_DIALECT = click.option("--dialect", "dialects", multiple=True, help="Only for this dialect; may be repeated.")


@click.group()
def cli() -> None:
    """Who may reach what: check, facts, explain."""


@cli.command()
@_PATH
@_DIALECT
@output_option
@pass_invocation
def check(invocation: Invocation, path: Path | None, dialects: tuple[str, ...], output: Format) -> None:
    """Read a policy, run its tests and compile it for every dialect.

    PATH is a file or a folder of *.policy files; without it, the configured policy. Exit code 3 when it would not be
    published.
    """
    try:
        compiled, checked = _compiled(invocation, path, dialects)
    except PolicyError as error:
        _print_refused(error, output)
        sys.exit(error.exit_code)
    warnings = [warning.render() for warning in compiled.warnings]
    policy = checked.policy
    counts = {
        "rules": len(policy.rules),
        "resources": len(policy.resources),
        "segments": len(policy.segments),
        "personas": len(policy.personas),
        "tests": len(policy.tests),
    }
    if output == "json":
        report = {"ok": True, "digest": compiled.digest, "dialects": list(compiled.layouts), **counts}
        print_json({**report, "errors": [], "warnings": warnings})
        return
    _print_diagnostics(warnings)
    found = ", ".join(f"{number} {what}" for what, number in counts.items())
    say(f"ok: {found}; dialects {', '.join(compiled.layouts)}; digest {compiled.digest[:16]}")


@cli.command()
@output_option
def facts(output: Format) -> None:
    """List every fact that a condition can name, with its type, source and an example."""
    from nac.policy.facts import catalogue

    known = catalogue().values()
    if output == "json":
        print_json(
            [
                {"name": f.name, "kind": f.kind, "identity": f.identity, "source": f.source, "example": f.example}
                for f in known
            ]
        )
        return
    rows = [(f.name, f.kind, f.identity, f.source, f.example) for f in known]
    print_table(("FACT", "KIND", "IDENTITY", "SOURCE", "EXAMPLE"), rows)


@cli.command()
@_PATH
@click.option("--fact", "assignments", multiple=True, metavar="NAME=VALUE", help="A known fact; sets: a,b,c.")
@click.option("--dialect", default="rfc4849", show_default=True, help="Show the reply as this dialect writes it.")
@output_option
@pass_invocation
def explain(
    invocation: Invocation, path: Path | None, assignments: tuple[str, ...], dialect: str, output: Format
) -> None:
    """Say what the policy decides over the given facts, and why: each statement and what became of it.

    Facts that are not given are unknown; flags of devices and users are false, as for those not on record.
    """
    from nac.policy.explain import explain as explain_decision
    from nac.policy.explain import parse_facts, reply_attributes
    from nac.policy.facts import as_on_a_packet, catalogue

    compiled, checked = _compiled(invocation, path, (dialect,))
    known = as_on_a_packet(parse_facts(assignments, catalogue()))
    explanation = explain_decision(checked.policy, known)
    attributes = [(one.name, one.value) for one in reply_attributes(compiled.layouts[dialect], explanation.verdict)]
    if output == "json":
        print_json({"facts": known, **_as_json(explanation), "reply": attributes})
        return
    _print_explanation(explanation)
    if attributes:
        say("")
        print_table((f"REPLY ({dialect})", ""), attributes)


def _compiled(
    invocation: Invocation, path: Path | None, dialects: tuple[str, ...]
) -> tuple[CompiledPolicy, CheckedPolicy]:
    from nac.enforcement.dictionary import shipped_dictionary
    from nac.policy.compile import compile_policy
    from nac.policy.load import load

    checked = load(path if path is not None else invocation.config.policy.path)
    return compile_policy(checked, shipped_dictionary(), dialects=dialects or None), checked


def _print_refused(error: PolicyError, output: Format) -> None:
    if output == "json":
        print_json({"ok": False, "errors": error.diagnostics, "warnings": []})
        return
    _print_diagnostics(error.diagnostics)
    count = len(error.diagnostics)
    note(f"{count} error{'s' if count > 1 else ''}: this policy would not be published")


def _print_diagnostics(rendered: list[str]) -> None:
    for diagnostic in rendered:
        for line in diagnostic.splitlines():
            click.echo(printable(line), err=True)


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
