"""Who works on the campus: Anna's laptop carries the agent, and a program can be run on it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab import command
from lab.campus import residents, teardown
from lab.campus.error import LabError
from lab.campus.nac_home import until
from lab.campus.plan import server_of
from lab.campus.probe import answering
from lab.campus.state import Lab

GPU = server_of("training-cluster")


@pytest.fixture(scope="module")
def inhabited(_possible: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A lab as `nac lab up` leaves it."""
    folder = tmp_path_factory.mktemp("inhabited") / "lab"
    command.up(folder)
    lab = Lab.opened(folder)
    try:
        yield lab
    finally:
        teardown.down(lab)


def test_a_firewall_that_is_switched_off_costs_the_gpu_host(inhabited: Lab) -> None:
    """As the quickstart tells it."""
    anna = next(one for one in residents.of(inhabited) if one.has_agent)
    place = anna.host(inhabited).place
    assert answering(place, [GPU], [GPU]) == {GPU}
    assert command.execute(inhabited.folder, anna.name, ["nft", "flush", "ruleset"]) == 0
    until(lambda: not answering(place, [GPU]) or None, "it loses the GPU host")
    assert command.execute(inhabited.folder, anna.name, [str(inhabited.agent(anna.name) / "firewall.nft")]) == 0
    until(lambda: answering(place, [GPU]) or None, "it gets the GPU host back")


def test_a_program_runs_in_the_network_of_the_device(inhabited: Lab, tmp_path: Path) -> None:
    said = tmp_path / "said"
    script = f"import pathlib; pathlib.Path({str(said)!r}).write_text(open('/proc/net/fib_trie').read()); exit(3)"
    assert command.execute(inhabited.folder, "laptop-ben", [sys.executable, "-c", script]) == 3
    assert "10.99.2.2" in said.read_text()


def test_a_device_that_nobody_has(inhabited: Lab) -> None:
    with pytest.raises(LabError, match="nobody called laptop-zoe"):
        command.execute(inhabited.folder, "laptop-zoe", ["true"])
