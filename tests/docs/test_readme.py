"""The README shows what its commands print, for the site that it tells to make."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from nac.cli import cli

PAGE = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
MADE = re.findall(r"^    nac ((?:client|user|device) .+?)(?: {2,}#.*)?$", PAGE, re.MULTILINE)
"""Who and what there is: the lines of "Run it"."""
ASKED = (
    "device posture laptop-17 unhealthy --for 24h",
    "policy explain --device laptop-17 --client switch-1",
    "policy why-not model-registry --device laptop-17",
    "policy why-not curated-datasets --device laptop-17",
    "policy matrix",
)
_, *SHOWN = re.findall(r"^```\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
"""The answers; the first one, of `nac why`, needs a login."""


def test_the_first_question_changes_what_the_others_say() -> None:
    assert f"`nac {ASKED[0]}`" in PAGE


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Every line that the site's commands print."""
    site = tmp_path_factory.mktemp("readme") / "site"
    runner = CliRunner()
    words = ["init", str(site), "--example", "ai-estate", "--server-name", "radius.corp.example"]
    lines: set[str] = set()
    for arguments in (words, *(["-c", str(site / "nac.toml"), *shlex.split(line)] for line in (*MADE, *ASKED))):
        done = runner.invoke(cli, arguments)
        assert done.exit_code == 0, (arguments, done.output)
        lines |= {line.rstrip() for line in done.stdout.splitlines()}
    return lines


@pytest.mark.parametrize("block", SHOWN)
def test_an_answer_is_what_is_printed(printed: set[str], block: str) -> None:
    assert {line.rstrip() for line in block.splitlines()} <= printed
