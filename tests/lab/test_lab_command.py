"""`nac lab` where it cannot work: said in a line, with what to do."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from lab.campus import construct
from lab.campus.drawing import Plugged, topology
from lab.campus.residents import RESIDENTS
from nac.cli import cli

DRAWN = Path(__file__).parents[2] / "docs/lab-topology.svg"


def nac(*words: str) -> Result:
    return CliRunner().invoke(cli, ["lab", *words], prog_name="nac")


def test_without_the_lab_nac_says_where_it_comes_from(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name == "lab" or name.startswith("lab.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "lab", None)
    done = nac("status")
    assert done.exit_code == 4
    assert "the lab is not installed" in done.stderr
    assert "run nac from a checkout" in done.stderr


def test_without_root_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(construct.os, "geteuid", lambda: 1000)
    done = nac("up")
    assert done.exit_code == 1
    assert "needs root" in done.stderr


@pytest.mark.usefixtures("_possible")
def test_a_folder_without_a_lab(tmp_path: Path) -> None:
    done = nac("status", "--folder", str(tmp_path))
    assert (done.exit_code, "no lab runs in" in done.stderr, "nac lab up" in done.stderr) == (1, True, True)


@pytest.mark.usefixtures("_possible")
def test_a_program_on_a_host_that_is_not_there(tmp_path: Path) -> None:
    done = nac("exec", "--folder", str(tmp_path), "laptop-anna", "nft", "flush", "ruleset")
    assert (done.exit_code, "no lab runs in" in done.stderr) == (1, True)


def test_run_wants_a_scenario() -> None:
    assert nac("run").exit_code == 2


def test_scenarios_are_listed() -> None:
    done = nac("run", "--list")
    assert done.exit_code == 0
    assert "s16-personal-laptop" in done.stdout


def test_the_drawing_in_the_docs_is_the_campus() -> None:
    hosts: dict[str, list[Plugged]] = {}
    for resident in RESIDENTS:
        hosts.setdefault(resident.switch, []).append(Plugged(resident.name, resident.user or "by its MAC address"))
    assert DRAWN.read_text() == topology(hosts)
