"""The agent stands alone: it needs nothing of the server's, and three packages beside Python."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SERVERS = (
    "sqlalchemy",
    "alembic",
    "nac._dataplane",
    "nac.db",
    "nac.service",
    "nac.policy",
    "rich",
    "structlog",
    "netaddr",
)
LIGHT = """
import sys
from importlib.abc import MetaPathFinder
ALLOWED = {"nac", "click", "cryptography", "cffi", "_cffi_backend", "msgspec", *sys.stdlib_module_names}
class Only(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] not in ALLOWED or name.startswith("nac._dataplane"):
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Only())
from nac.cli import cli
"""
IMPORTS = (
    LIGHT
    + """
import nac.agent.run, nac.agent.delivery, nac.cli.agent
from nac.agent.platforms import checks_of
checks_of("linux")
print([name for name in sys.argv[1:] if name in sys.modules])
"""
)
COMMAND = LIGHT + "cli.main(sys.argv[1:])"


def test_running_loads_nothing_of_the_servers() -> None:
    done = subprocess.run([sys.executable, "-c", IMPORTS, *SERVERS], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("words", [["agent", "check"], ["agent", "check", "-o", "json"], ["agent", "--help"]])
def test_a_command_needs_three_packages(words: list[str], tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", COMMAND, *words], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_check_needs_no_module_of_unix_alone(tmp_path: Path) -> None:
    """It is the command for macOS and Windows."""
    unix = 'sys.modules.update(dict.fromkeys(("fcntl", "grp", "pwd", "resource", "termios")))\n'
    command = [sys.executable, "-c", "import sys\n" + unix + COMMAND, "agent", "check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr


def test_the_extra_names_what_is_needed() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extra = project["optional-dependencies"]["agent"]
    assert {line.partition(">=")[0] for line in extra} == {"click", "cryptography", "msgspec"}
    assert set(extra) <= set(project["dependencies"])
