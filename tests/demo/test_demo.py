"""`make demo` as a newcomer runs it, and that it notices when something is wrong."""

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from lab.demo.outcome import Outcome, faults
from lab.demo.scenes import SCENES, Accepted, Refused
from lab.demo.switch import Answer

ROOT = Path(__file__).parents[2]


def _demo(folder: Path, path: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "lab.demo", str(folder)],
        cwd=ROOT,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_with_eapol_test(tmp_path: Path) -> None:
    assert shutil.which("eapol_test"), "Debian's eapoltest is missing: make deps"
    told = _demo(tmp_path / "demo", os.environ["PATH"])
    assert "supplicant: eapol_test" in told
    assert "All 7 scenes went as they must" in told
    for said in ("VLAN 120", "VLAN 90", "VLAN 40", "certificate_revoked", "certificate_expired", "unknown_ca"):
        assert said in told
    assert not (tmp_path / "demo" / "state" / "control.sock").exists(), "the server still runs"


def test_without_eapol_test_its_own_supplicant_is_used(tmp_path: Path) -> None:
    told = _demo(tmp_path / "demo", str(tmp_path))
    assert "supplicant: nac-supplicant" in told
    assert "All 7 scenes went as they must" in told


def _outcome(*, code: str, cause: str, vlan: str | None = None) -> Outcome:
    attributes = [("Tunnel-Private-Group-Id", vlan)] if vlan else []
    event = {"cause": cause, "decision": None}
    return Outcome(code == "Access-Accept", Answer(code, attributes, []), [], event)


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.title)
def test_the_opposite_of_what_must_happen_is_a_fault(scene) -> None:
    if isinstance(scene.expected, Refused):
        assert faults(_outcome(code="Access-Accept", cause="ok"), scene.expected)
    else:
        assert faults(_outcome(code="Access-Reject", cause="policy_default_deny"), scene.expected)


def test_another_vlan_another_cause_or_a_wider_list_is_a_fault() -> None:
    accepted = Accepted(vlan="120", opens=frozenset())
    good = _outcome(code="Access-Accept", cause="ok", vlan="120")
    assert not faults(good, accepted)
    assert faults(_outcome(code="Access-Accept", cause="ok", vlan="1"), accepted) == ["the VLAN is 1, not 120"]
    assert faults(replace(good, accepted=False), accepted) == ["the device holds itself for refused"]
    assert faults(good, replace(accepted, opens=frozenset({"dns"}))) == ["not reachable: dns"]
    assert faults(_outcome(code="Access-Reject", cause="unknown_ca"), Refused("certificate_revoked"))
