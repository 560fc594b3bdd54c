"""The systemd units: what they may do, and that they name settings and files that exist."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

PACKAGING = Path(__file__).parents[2] / "packaging"
UNITS = sorted(PACKAGING.glob("*.service"))

needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")

EXPOSED = {"nac-agent.service": 26}
"""Tenths of systemd's exposure score: 20 for every unit, but for one that has to look at every process and file."""


@needs_systemd
@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_exposure_is_small(unit: Path) -> None:
    threshold = f"--threshold={EXPOSED.get(unit.name, 20)}"
    command = ["systemd-analyze", "security", "--offline=true", threshold, "--no-pager", str(unit)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@needs_systemd
@pytest.mark.parametrize("unit", sorted(PACKAGING.glob("*.[st]*")), ids=lambda unit: unit.name)
def test_systemd_understands_every_line(unit: Path) -> None:
    if unit.suffix not in {".service", ".timer"}:
        pytest.skip("not a unit")
    done = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False)
    said = [line for line in done.stderr.splitlines() if "packaging/" in line or line.startswith("Unknown")]
    assert not [line for line in said if "not executable" not in line], done.stderr


def test_the_credentials_are_the_keys_that_nac_init_makes(tmp_path: Path) -> None:
    from click.testing import CliRunner

    from nac.cli import cli

    assert CliRunner().invoke(cli, ["init", str(tmp_path / "nac")]).exit_code == 0
    handed_over = re.findall(r"^LoadCredential=(.+):/etc/nac/(.+)$", (PACKAGING / "nac.service").read_text(), re.M)
    assert {name for name, _ in handed_over} == {"server-p256.key", "server-rsa2048.key"}
    for name, path in handed_over:
        assert (tmp_path / "nac" / path).is_file()
        assert Path(path).name == name
