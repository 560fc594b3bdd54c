"""`docs/understand.md` shows commands that exist, and what they print."""

import re
import shlex
from pathlib import Path

import click
import pytest
from worlds import Nac

from nac.cli.policy import cli

PAGE = (Path(__file__).parents[2] / "docs/understand.md").read_text()
COMMANDS = re.findall(r"^    nac policy (.+?)(?: +#.*)?$", PAGE, re.MULTILINE)


@pytest.mark.parametrize("line", COMMANDS)
def test_a_command_exists_with_its_options(line: str) -> None:
    name, *arguments = shlex.split(line)
    command = cli.commands[name]
    options = {option for one in command.params if isinstance(one, click.Option) for option in one.opts}
    assert {argument for argument in arguments if argument.startswith("--")} <= options


def test_every_verb_is_explained() -> None:
    named = {line.split()[0] for line in COMMANDS} | set(re.findall(r"`nac policy ([a-z-]+)", PAGE))
    assert set(cli.commands) - {"check", "facts"} <= named


@pytest.mark.parametrize("line", [line for line in COMMANDS if line.startswith(("why-not", "reach device"))])
def test_what_it_prints_stands_in_the_page(nac: Nac, laptop: str, line: str) -> None:
    assert laptop in line
    assert nac("policy", *shlex.split(line)).stdout in PAGE
