"""The campus comes and goes without a trace: after an orderly end, after kill -9, and beside another one."""

from __future__ import annotations

import json
import os
import re
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lab.campus import construct, namespace, teardown
from lab.campus.error import LabError
from lab.campus.plan import SERVERS, SWITCHES
from lab.campus.probe import answering
from lab.campus.state import STATE, Lab
from lab.scenarios.found import chosen
from lab.scenarios.playing import play
from lab.scenarios.vocabulary import Campus
from lab.scenarios.workstation import Workstation

NAC = Path(sys.executable).with_name("nac")
PATIENCE_S = 60.0

pytestmark = pytest.mark.usefixtures("_possible")


OURS = re.compile(r"p\d+|vlan\d+|" + "|".join(re.escape(one.name) for one in (*SERVERS, *SWITCHES)))
"""What the lab's interfaces and tables are called; others on this machine may come and go meanwhile."""


def traces() -> list[str]:
    """What a lab left outside of its namespaces: interfaces and tables of the host's own namespace."""
    links = [link["ifname"] for link in json.loads(namespace.command("ip", "-j", "link", "show"))]
    tables = [line.split()[2] for line in namespace.command("nft", "list", "tables").splitlines()]
    return [name for name in (*links, *tables) if OURS.fullmatch(name)]


def processes_of(folder: Path) -> list[str]:
    """The command lines that name a lab's folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue
            if str(folder) in line:
                found.append(line)
    return found


def until(look: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not look():
        assert time.monotonic() < deadline, f"waited in vain until {what}"
        time.sleep(0.02)


def test_up_and_down_leave_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "lab"
    lab = construct.up(folder)
    assert answering(lab.core, SERVERS, SERVERS) == set(SERVERS)
    assert traces() == [], "a running lab is in its own namespaces alone"
    teardown.down(lab)
    assert namespace.of(lab.id) == []
    assert processes_of(folder) == []
    assert traces() == []


def killed(folder: Path, words: list[str], when: Callable[[Lab], bool]) -> Lab:
    """Run `nac lab ...` in `folder`, and kill it without warning as soon as its lab is in a certain state."""
    command = [NAC, "lab", *words, "--folder", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)

    def is_time() -> bool:
        assert process.poll() is None, process.communicate()[0].decode()
        lab = Lab.found(folder) if (folder / STATE).exists() and (folder / STATE).read_text() else None
        return lab is not None and when(lab)

    try:
        until(is_time, "the lab is as far as it must be")
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate()
    lab = Lab.found(folder)
    assert lab is not None
    assert namespace.of(lab.id), "something was left to remove"
    return lab


def test_what_a_killed_up_left_is_removed(tmp_path: Path) -> None:
    folder = tmp_path / "lab"
    lab = killed(folder, ["up"], lambda lab: len(namespace.of(lab.id)) > 5)
    subprocess.run([NAC, "lab", "down", "--folder", str(folder)], check=True, capture_output=True)
    assert namespace.of(lab.id) == []
    assert processes_of(folder) == []
    assert traces() == []


def has_hosts(lab: Lab) -> bool:
    return any("-h-" in name for name in namespace.of(lab.id))


def has_a_reporting_agent(lab: Lab) -> bool:
    return any("reported" in log.read_text() for log in lab.folder.glob("agents/*/log"))


@pytest.mark.parametrize(("scenario", "when"), [("S39", has_hosts), ("s42-first-contact", has_a_reporting_agent)])
def test_what_a_killed_run_left_is_removed_by_the_next_up(
    tmp_path: Path, scenario: str, when: Callable[[Lab], bool]
) -> None:
    """The kill comes while hosts are plugged in and everything runs, once with the posture agent on one of them."""
    folder = tmp_path / "lab"
    earlier = killed(folder, ["run", scenario], when)
    left = processes_of(folder)
    assert left, "its processes outlive it"
    assert any("nac.agent" in line for line in left) is (when is has_a_reporting_agent)
    lab = construct.up(folder)
    try:
        assert lab.id != earlier.id
        assert namespace.of(earlier.id) == []
        assert answering(lab.core, SERVERS, SERVERS) == set(SERVERS)
    finally:
        teardown.down(lab)
    assert processes_of(folder) == []
    assert traces() == []
    assert str(folder) not in Path("/proc/self/mountinfo").read_text(), (
        "what an agent sees of its own is seen by it alone"
    )


@pytest.fixture
def playing() -> Iterator[Callable[[Lab], Campus]]:
    """The words of the scenarios on any lab; at the end everybody goes home."""
    made: list[Campus] = []

    def on(lab: Lab) -> Campus:
        made.append(Campus(lab, f"test{secrets.token_hex(2)}"))
        return made[-1]

    yield on
    for campus in made:
        campus.leave()


def working(campus: Campus) -> Workstation:
    """A laptop that its agent's report has let in."""
    laptop = campus.workstation("ml-engineering")
    campus.takes_over()
    return laptop.plugs_into("ber-1").signs_in().agent_starts().comes_to_reach("training-cluster")


def test_agents_of_two_labs_do_not_meet(campus_lab: Lab, tmp_path: Path, playing: Callable[[Lab], Campus]) -> None:
    """Two laptops with the same address, each in its own lab: what happens on one is not reported of the other."""
    other = construct.up(tmp_path / "other")
    try:
        here, there = working(playing(campus_lab)), working(elsewhere := playing(other))
        assert here.host.address == there.host.address
        there.firewall_goes_down().loses("training-cluster").comes_to_be("unhealthy", failing="firewall")
        here.comes_to_be("healthy").reaches("training-cluster")
        elsewhere.leave()
    finally:
        teardown.down(other)
    here.firewall_goes_down().loses("training-cluster").comes_to_be("unhealthy", failing="firewall")


def test_two_labs_do_not_meet(campus_lab: Lab, tmp_path: Path) -> None:
    """A second lab has the same addresses and names; both play, and one goes without the other noticing."""
    other = construct.up(tmp_path / "other")
    try:
        for lab in (other, campus_lab):
            (verdict,) = play(lab, chosen(["S16"]), lambda _: None)
            assert verdict.failure == ""
    finally:
        teardown.down(other)
    assert namespace.of(other.id) == []
    assert answering(campus_lab.core, SERVERS, SERVERS) == set(SERVERS)


def test_a_folder_with_something_else_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(LabError, match="not empty, and no lab"):
        construct.up(tmp_path)
    assert (tmp_path / "thesis.tex").read_text() == "years of work"
