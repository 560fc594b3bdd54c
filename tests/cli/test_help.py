"""Help is cheap and complete; errors have their exit code and never a traceback."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from nac.cli import COMMANDS, Nac, cli
from nac.errors import ConfigError, ConflictError, ControlError, NacError, NotFoundError, StorageError

ROOT = Path(__file__).parents[2]
HEAVY = ("sqlalchemy", "alembic", "cryptography", "rich", "msgspec", "structlog", "netaddr", "nac._dataplane", "nac.db")
RUN = [sys.executable, "-c", "from nac.cli import main; main()"]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}
OWN = ("client", "device", "user", "session", "auth", "why", "audit", "completion")


def run(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*RUN, *arguments], capture_output=True, text=True, cwd=cwd, env=ENVIRONMENT, check=False)


def test_help_imports_nothing_heavy() -> None:
    program = f"""
import sys
from nac.cli import cli
cli.main(["--help"], standalone_mode=False)
heavy = [name for name in {HEAVY!r} if name in sys.modules]
sys.exit(f"imported: {{heavy}}" if heavy else 0)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert all(f"  {command} " in done.stdout for command in COMMANDS)


def test_help_tells_the_exit_codes() -> None:
    text = run("--help").stdout
    for error in (NacError, ConfigError, NotFoundError, StorageError, ControlError):
        assert re.search(rf"\b{error.exit_code} ", text)


@pytest.mark.parametrize("noun", OWN)
def test_every_noun_and_verb_has_help(noun: str) -> None:
    command = cli.get_command(click.Context(cli), noun)
    assert command is not None
    verbs = list(command.commands) if isinstance(command, click.Group) else []
    for path in [[noun], *([noun, verb] for verb in verbs)]:
        result = CliRunner().invoke(cli, [*path, "--help"])
        assert result.exit_code == 0, result.output
        assert "Usage: " in result.output


def test_wrong_usage_is_2(tmp_path: Path) -> None:
    for arguments in (["nonsense"], ["device"], ["device", "add"], ["client", "add", "x", "y"], ["--nonsense"]):
        assert run(*arguments, cwd=tmp_path).returncode == 2, arguments


def test_no_configuration_is_3_and_says_what_to_do(tmp_path: Path) -> None:
    done = run("--config", str(tmp_path / "no.toml"), "user", "list")
    assert done.returncode == 3
    assert done.stderr.splitlines() == [
        f"nac: {tmp_path}/no.toml: no configuration file here",
        "fix: run `nac init` to write one, or name it with --config",
    ]


def test_no_database_is_5(tmp_path: Path) -> None:
    (tmp_path / "nac.toml").write_text("")
    done = run("user", "list", cwd=tmp_path)
    assert done.returncode == 5
    assert "Traceback" not in done.stderr


def failing(error: Exception) -> click.Group:
    @click.group(cls=Nac)
    @click.option("--debug", is_flag=True)
    def root(debug: bool) -> None:
        raise error

    COMMAND = click.Command("why")  # noqa: N806
    root.add_command(COMMAND)
    return root


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConflictError("it is \x1b[31mtaken", fix="try\nagain"), 4),
        (ControlError("gone"), 6),
        (RuntimeError("un\x1bforeseen"), 1),
    ],
)
def test_errors_have_their_code_and_obey_no_escapes(error: Exception, code: int) -> None:
    result = CliRunner().invoke(failing(error), ["why"])
    assert result.exit_code == code
    assert "Traceback" not in result.output
    assert "\x1b" not in result.output
    assert "nac: " in result.stderr


def test_debug_shows_the_traceback() -> None:
    result = CliRunner().invoke(failing(RuntimeError("unforeseen")), ["--debug", "why"])
    assert isinstance(result.exception, RuntimeError)


def test_a_closed_pipe_is_quiet(site: Path, nac: Callable[..., Result]) -> None:
    nac("user", "add", "alice")
    with subprocess.Popen(
        [*RUN, "user", "list"],
        cwd=site,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=ENVIRONMENT,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 141


def test_the_exit_codes_are_documented() -> None:
    text = (ROOT / "docs/cli.md").read_text()
    for code in (0, 1, 2, 3, 4, 5, 6, 141):
        assert f"| {code} |" in text


def test_every_noun_is_documented() -> None:
    text = (ROOT / "docs/cli.md").read_text()
    for noun in COMMANDS:
        assert f"`nac {noun}" in text


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(shell: str) -> None:
    done = run("completion", shell)
    assert done.returncode == 0
    assert "_NAC_COMPLETE" in done.stdout
