"""`nac lab swarm`: real devices in each profile against a server of its own, and what counts as wrong."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from lab.swarm.run import BINARY, MOVES, Swarm, judged
from lab.swarm.site import KINDS

NAC = Path(sys.executable).with_name("nac")
DEVICES = 12


def swarm(*arguments: str) -> subprocess.CompletedProcess[str]:
    if not BINARY.exists():
        pytest.skip("nac-supplicant is not built: make supplicant")
    command = [NAC, "lab", "swarm", "--supplicants", str(DEVICES), "--rate", "50", "--stay", "0.5", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


@pytest.mark.parametrize("profile", ["morning-rush", "power-cut", "roaming"])
def test_each_profile_as_one_json_result(profile: str) -> None:
    done = swarm("--profile", profile, "-o", "json")
    assert done.returncode == 0, f"{done.stdout}{done.stderr}"
    report: dict[str, Any] = json.loads(done.stdout)
    accepts = DEVICES * (1 + MOVES if profile == "roaming" else 1)
    assert (report["all_right"], report["profile"], report["devices_in"]) == (True, profile, DEVICES)
    assert report["logins"]["msk_verified"] == report["logins"]["accepts"] == accepts
    assert report["accounting"]["start"] == report["accounting"]["stop"] == accepts
    assert report["granted"] == report["granted_expected"]
    assert sum(report["granted"].values()) == accepts
    assert set(report["granted"]) == {kind.segment for kind in KINDS}
    assert report["dropped_replies"] == 0
    assert (report["accounting"]["on"] > 0) == (profile == "power-cut")
    assert report["latency_us"]["admission"]["samples"] == accepts


def test_lost_replies_are_sent_again_and_told_to_people() -> None:
    done = swarm("--lose-every", "10", "--with-ticket", "1")
    assert done.returncode == 0, f"{done.stdout}{done.stderr}"
    assert done.stdout.rstrip().endswith("all right")
    for words in (f"{DEVICES} of {DEVICES} on 1 switches", f"{DEVICES} resumed", f"{DEVICES} right, 0 wrong", "P99.9"):
        assert words in done.stdout
    assert "requests sent again   0\n" not in done.stdout


def test_devices_take_turns_among_the_segments() -> None:
    granted = Swarm(supplicants=7, rate=1, profile="roaming", stay=1).granted
    assert granted == {KINDS[0].segment: 8, KINDS[1].segment: 8, **{kind.segment: 4 for kind in KINDS[2:]}}


@pytest.mark.parametrize(
    ("all_right", "granted", "is_right"),
    [(True, {"office": 2}, True), (True, {"office": 1, "remediation": 1}, False), (False, {"office": 2}, False)],
)
def test_another_segment_than_the_policy_grants_is_wrong(
    all_right: bool, granted: dict[str, int], is_right: bool
) -> None:
    report = judged({"all_right": all_right, "granted": granted, "left": {}}, {"office": 2}, {})
    assert (report["all_right"], report["granted_expected"]) == (is_right, {"office": 2})
