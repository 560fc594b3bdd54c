"""`nac policy`: check the policy, understand what it decides, change it safely. One file for each group of verbs."""

from __future__ import annotations

import click

from nac.cli.policy.change import diff, replay
from nac.cli.policy.check import check, facts
from nac.cli.policy.explain import explain, why_not
from nac.cli.policy.publish import history, publish, rollback
from nac.cli.policy.reach import matrix, reach


@click.group()
def cli() -> None:
    """Who may reach what: check it, explain it, change it safely."""


for command in (check, facts, explain, why_not, reach, matrix, diff, replay, publish, history, rollback):
    cli.add_command(command)
