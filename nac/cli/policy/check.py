"""`nac policy check | facts`: is it sound, and what can its conditions name."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from nac.cli.invocation import Invocation, pass_invocation
from nac.cli.output import Format, note, output_option, print_json, print_table, say
from nac.cli.policy.loaded import compiled as compiled_policy
from nac.cli.policy.loaded import path_argument, print_diagnostics
from nac.errors import PolicyError


@click.command()
@path_argument
@click.option("--dialect", "dialects", multiple=True, help="Only for this dialect; may be repeated.")
@output_option
@pass_invocation
def check(invocation: Invocation, path: Path | None, dialects: tuple[str, ...], output: Format) -> None:
    """Read a policy, run its tests and compile it for every dialect.

    PATH is a file or a folder of *.policy files; without it, the configured policy. Exit code 3 when it would not be
    published.
    """
    try:
        compiled, checked = compiled_policy(invocation, path, dialects)
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
    print_diagnostics(warnings)
    found = ", ".join(f"{number} {what}" for what, number in counts.items())
    say(f"ok: {found}; dialects {', '.join(compiled.layouts)}; digest {compiled.digest[:16]}")


@click.command()
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


def _print_refused(error: PolicyError, output: Format) -> None:
    if output == "json":
        print_json({"ok": False, "errors": error.diagnostics, "warnings": []})
        return
    print_diagnostics(error.diagnostics)
    count = len(error.diagnostics)
    note(f"{count} error{'s' if count > 1 else ''}: this policy would not be published")
