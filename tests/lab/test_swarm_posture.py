"""A swarm that reports its posture: what it says is what the server has, and those who fail are narrowed."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from lab.campus.nac_home import Nac, until
from lab.swarm import laptops
from lab.swarm.run import BINARY, Swarm, judged
from lab.swarm.site import Site, serving

NAC = Path(sys.executable).with_name("nac")
SWARM = Swarm(supplicants=100, rate=50, profile="morning-rush", stay=8, posture=True, unhealthy=0.1, report_every=5)
NAMES = [laptops.name(number) for number in range(SWARM.supplicants)]
UNHEALTHY = {name for number, name in enumerate(NAMES) if SWARM.is_unhealthy(number)}


@contextmanager
def site_in(folder: Path) -> Iterator[tuple[Site, Nac]]:
    if not BINARY.exists():
        pytest.skip("nac-supplicant is not built: make supplicant")
    with serving(folder / "nac", SWARM.rate, reporting=SWARM.supplicants) as site:
        yield site, Nac(folder / "nac")


def settled(nac: Nac) -> bool | None:
    status = nac.status()
    if status is None or any(status["coa"][state] for state in ("decided", "sent", "acked", "unreachable")):
        return None
    status = nac.status()  # what ended them was recorded before, so that it waits now or is in the database
    return True if status is not None and not status["journal"]["waiting"] else None


def jobs(nac: Nac) -> list[dict[str, Any]]:
    """The changes of sessions that the server's database has, once none is open and everything is there."""
    until(lambda: settled(nac), "no change of a session is open")
    found: list[dict[str, Any]] = nac.json("session", "jobs", "--limit", "1000")
    return found


def test_the_server_has_what_the_swarm_says(tmp_path: Path) -> None:
    with site_in(tmp_path) as (site, nac):
        report = judged(SWARM.against(site), SWARM.granted, SWARM.left)
        assert report["all_right"], report
        assert len(UNHEALTHY) == report["changes"]["acked"] == 10
        told = report["posture"]
        assert (told["devices"], told["refused"], told["unanswered"]) == (SWARM.supplicants, 0, 0)
        assert told["sent"] == told["accepted"] == sum(told["verdicts"].values()) > SWARM.supplicants
        assert report["left"]["unhealthy"] == {"remediation": 10}
        changes = jobs(nac)
        assert {job["device"] for job in changes} == UNHEALTHY
        assert {(job["verb"], job["state"]) for job in changes} == {("change", "confirmed")}
        stands = {one["device"]: one for one in nac.json("posture", "list")}
        assert {name for name, one in stands.items() if one["status"] == "unhealthy"} == UNHEALTHY
        assert {one["status"] for name, one in stands.items() if name not in UNHEALTHY} == {"healthy"}
        assert set(stands) == set(NAMES)
        assert {check["check"] for name in UNHEALTHY for check in stands[name]["failed"]} == {"firewall"}
        assert nac.json("posture", "findings") == nac.json("posture", "refused") == []
        status = nac.status()
        assert status is not None
        assert status["posture"]["counters"]["posture.accepted"] == told["accepted"]


def test_a_session_that_is_ended_begins_anew_in_remediation(tmp_path: Path) -> None:
    with site_in(tmp_path) as (site, nac):
        nac("client", "set", "swarm", "--coa-verbs", "disconnect")
        nac.reload()
        report = SWARM.against(site)
        assert report["all_right"], report
        assert (report["changes"]["ended"], report["changes"]["acked"]) == (len(UNHEALTHY), 0)
        assert report["readmitted"] == report["granted"]["remediation"] == len(UNHEALTHY)
        accounting = report["accounting"]
        assert accounting["start"] == accounting["stop"] == SWARM.supplicants + len(UNHEALTHY)
        assert report["left"] == SWARM.left
        changes = jobs(nac)
        assert {job["device"] for job in changes} == UNHEALTHY
        assert {(job["verb"], job["state"]) for job in changes} == {("disconnect", "confirmed")}


def test_a_verdict_that_was_not_deserved_is_wrong(tmp_path: Path) -> None:
    with site_in(tmp_path) as (site, nac):
        policy = nac.policy / "swarm.policy"
        policy.write_text(policy.read_text().replace("    require firewall\n", ""))
        nac.reload()
        report = SWARM.against(site)
        assert (report["all_right"], report["posture"]["refused"]) == (False, 0)
        assert report["posture"]["verdicts_wrong"] >= len(UNHEALTHY)
        assert "report: judged healthy, not unhealthy" in report["causes"]
        assert not judged(report, SWARM.granted, SWARM.left)["all_right"]


def test_two_devices_with_one_certificate_do_not_report(tmp_path: Path) -> None:
    with site_in(tmp_path) as (site, _):
        words = [word if word != str(SWARM.supplicants) else "101" for word in SWARM.arguments(site)]
        done = subprocess.run([BINARY, "swarm", *words], capture_output=True, text=True, check=False, timeout=60)
        assert (done.returncode, done.stdout) == (3, "")
        assert "100 certificates for 101 devices" in done.stderr


def test_one_option_makes_a_swarm_report() -> None:
    if not BINARY.exists():
        pytest.skip("nac-supplicant is not built: make supplicant")
    command = [NAC, "lab", "swarm", "--supplicants", "20", "--rate", "50", "--stay", "4", "--posture"]
    done = subprocess.run([*command, "-o", "json"], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, f"{done.stdout}{done.stderr}"
    report = json.loads(done.stdout)
    assert report["left"] == report["left_expected"]
    assert report["left"]["unhealthy"] == {"remediation": 2}
    assert report["latency_us"]["change"]["samples"] == 2
    many = subprocess.run([*command, "--supplicants", "20001"], capture_output=True, text=True, check=False, timeout=60)
    assert many.returncode != 0
    assert "at most 20,000" in many.stderr
