"""packaging/nac-agent.service: its rights are enough for every check, and its folder is the one in the settings."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from nac.agent.config import AgentConfig

UNIT = (Path(__file__).parents[2] / "packaging/nac-agent.service").read_text()
CHECK = [sys.executable, "-c", "from nac.cli import main; main()", "agent", "check", "-o", "json"]
SERVICE_USER = 61185
"""Somebody who owns nothing here."""

CHANGING = ("listening_ports", "unapproved_models")
"""What other programs on this machine may change between two runs."""

needs_setpriv = pytest.mark.skipif(os.getuid() != 0 or not shutil.which("setpriv"), reason="needs root and setpriv")


def setting(name: str) -> str:
    (value,) = re.findall(rf"^{name}=(.+)$", UNIT, re.MULTILINE)
    return str(value)


def findings(*before: str, cwd: Path) -> dict[str, Any]:
    done = subprocess.run([*before, *CHECK], capture_output=True, text=True, check=False, cwd=cwd)
    assert done.returncode == 0, done.stderr
    checks: dict[str, Any] = json.loads(done.stdout)["checks"]
    return {name: finding["result"] for name, finding in checks.items() if name not in CHANGING}


@needs_setpriv
def test_its_capabilities_let_it_see_what_root_sees(tmp_path: Path) -> None:
    names = [name.removeprefix("CAP_").lower() for name in setting("AmbientCapabilities").split()]
    assert setting("CapabilityBoundingSet") == setting("AmbientCapabilities")
    given = ",".join(["-all", *(f"+{name}" for name in names)])
    become = ["setpriv", f"--reuid={SERVICE_USER}", f"--regid={SERVICE_USER}", "--clear-groups", "--no-new-privs"]
    service = [*become, f"--inh-caps={given}", f"--ambient-caps={given}", f"--bounding-set={given}"]
    assert findings(*service, cwd=Path("/")) == findings(cwd=tmp_path)


def test_its_folder_is_that_of_the_settings() -> None:
    assert Path("/var/lib") / setting("StateDirectory") == AgentConfig().report.state


def test_every_user_may_read_the_status() -> None:
    assert setting("StateDirectoryMode") == "0755"
    assert "\nDynamicUser=yes" not in UNIT


def test_a_kernel_module_folder_stays_visible() -> None:
    assert "\nProtectKernelModules=" not in UNIT
    assert "CAP_SYS_MODULE" not in setting("CapabilityBoundingSet")
