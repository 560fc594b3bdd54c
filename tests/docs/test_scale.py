"""docs/scale.md shows what its script calculates, and the script simulates what it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lab.scale import plan
from lab.scale.simulate import HANDSHAKES_PER_SHARD, Arrival, Node, Simulation, Work, all_at_once

PAGE = (Path(__file__).parents[2] / "docs/scale.md").read_text(encoding="utf-8")

SECOND_OF_WORK = Work(rounds=3, cheap_us=0.0, total_us=1e6)
NEAR = 0.01


@pytest.mark.parametrize("section", plan.SECTIONS)
def test_the_page_shows_what_the_script_says(section: str) -> None:
    shown = re.search(rf"<!-- bench:{section} -->\n(.*?)\n?<!-- /bench -->", PAGE, re.DOTALL)
    assert shown
    assert shown[1] == plan.SECTIONS[section]().rstrip()


def test_one_device_needs_its_work_and_its_round_trips() -> None:
    outcome = Simulation(Node(cores=1, round_trip_s=NEAR), SECOND_OF_WORK).run([Arrival(0.0, 0)])
    assert outcome.admissions == pytest.approx([1 + 3 * NEAR])
    assert (outcome.retransmissions, outcome.handshakes) == (0, 1)


def test_cores_work_side_by_side_and_retransmissions_cost_nothing() -> None:
    node = Node(cores=2, round_trip_s=NEAR)
    outcome = Simulation(node, SECOND_OF_WORK).run(all_at_once(10, 10, within_s=0.0))
    assert outcome.last_at == pytest.approx(5 + 3 * NEAR)
    assert outcome.retransmissions > 0
    assert (outcome.handshakes, outcome.busy_s) == (10, pytest.approx(10))


def test_an_empty_bucket_turns_beginnings_away_and_they_come_again() -> None:
    node = Node(cores=1, round_trip_s=NEAR, rate=0.5, burst=1)
    work = Work(rounds=3, cheap_us=0.0, total_us=1000)
    outcome = Simulation(node, work).run([Arrival(0.0, 0), Arrival(0.0, 0), Arrival(0.0, 1)])
    assert sorted(outcome.admissions) == pytest.approx(
        [0.001 + 3 * NEAR, 0.002 + 3 * NEAR, 2.001 + 3 * NEAR], abs=0.001
    )
    assert outcome.shed == 1


def test_who_is_not_answered_begins_again() -> None:
    node = Node(cores=1, round_trip_s=NEAR)
    slow = Work(rounds=3, cheap_us=0.0, total_us=10e6)
    outcome = Simulation(node, slow).run(all_at_once(2, 2, within_s=0.0))
    assert outcome.restarts == 1
    assert len(outcome.admissions) == 2


def test_a_shard_holds_so_many_handshakes_and_gives_the_oldest_up() -> None:
    node = Node(cores=1, round_trip_s=1.9)
    outcome = Simulation(node, Work(rounds=3, cheap_us=0.0, total_us=1000)).run(
        all_at_once(HANDSHAKES_PER_SHARD + 50, 100, within_s=0.0)
    )
    assert outcome.evicted == outcome.restarts == 50
    assert outcome.handshakes == HANDSHAKES_PER_SHARD + 100
    assert len(outcome.admissions) == HANDSHAKES_PER_SHARD + 50
