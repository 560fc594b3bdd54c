"""Octets are counted up as a plain model counts them, whatever the network does to the reports."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sessions.counting import MOST, NOTHING, Added, Report, Usage

SECOND = 1_000_000
START = 1_790_000_000 * SECOND


@dataclass(frozen=True)
class Step:
    """Traffic until the next report: `seconds` of it; `restarts`: the NAS begins anew before that."""

    seconds: int
    octets_in: int
    octets_out: int
    restarts: bool


STEPS = st.lists(
    st.builds(
        Step,
        seconds=st.integers(10, 4000),
        octets_in=st.integers(0, 2**30),
        octets_out=st.integers(0, 2**30),
        restarts=st.booleans(),
    ),
    min_size=1,
    max_size=30,
)


def reports(steps: list[Step], *, wraps_at: int) -> tuple[list[Report], Added]:
    """What a NAS with counters that wrap reports, and what it truly carried."""
    now, began, octets, carried = START, START, [0, 0], [0, 0]
    told = [Report("start", now, None, None, None)]
    for step in steps:
        if step.restarts:
            now += 30 * SECOND
            began, octets = now, [0, 0]
            told.append(Report("start", now, 0, None, None))
        now += step.seconds * SECOND
        for which, more in enumerate((step.octets_in, step.octets_out)):
            octets[which] += more
            carried[which] += more
        counters = [count % wraps_at for count in octets]
        told.append(Report("interim-update", now, (now - began) // SECOND, *counters))
    return told, Added(*carried)


def counted(told: list[Report]) -> tuple[Usage, Added]:
    usage, total = Usage.begun_by(told[0])
    for report in told[1:]:
        usage, added = usage.after(report)
        assert min(added) >= 0
        total = Added(total.input_octets + added.input_octets, total.output_octets + added.output_octets)
    return usage, total


@given(steps=STEPS, wraps_at=st.sampled_from([2**32, 2**64]))
def test_counted_is_what_was_carried(steps: list[Step], wraps_at: int) -> None:
    told, carried = reports(steps, wraps_at=wraps_at)
    usage, total = counted(told)
    assert (usage.input_octets, usage.output_octets) == total == carried
    assert usage.seen_us == told[-1].happened_us
    assert usage.first_us == START


@given(steps=STEPS, data=st.data())
def test_repeated_and_late_reports_of_a_session_add_nothing(steps: list[Step], data: st.DataObject) -> None:
    told, carried = reports(steps, wraps_at=2**64)
    disturbed = list(told)
    for place in data.draw(st.lists(st.integers(0, len(told) - 1), max_size=10)):
        at = next(index for index in range(len(disturbed) - 1, -1, -1) if disturbed[index] is told[place])
        again = (index for index in range(at + 1, len(disturbed)) if disturbed[index].status == "start")
        until = next(
            (index for index in again if disturbed[index].happened_us > told[place].happened_us), len(disturbed)
        )
        disturbed.insert(data.draw(st.integers(at + 1, until)), copy(told[place]))
    assert counted(disturbed)[1] == carried


def test_rfc2866_5_3_a_report_without_octets_changes_no_counter() -> None:
    usage, _ = Usage.begun_by(Report("interim-update", START, 60, 1000, 2000))
    after, added = usage.after(Report("interim-update", START + 60 * SECOND, 120, None, None))
    assert added == NOTHING
    assert (after.input_counter, after.output_counter) == (1000, 2000)
    assert after.seen_us == START + 60 * SECOND


def test_rfc2869_5_1_a_counter_without_gigawords_wraps_at_32_bits() -> None:
    usage, _ = Usage.begun_by(Report("interim-update", START, 60, 2**32 - 100, 0))
    after, added = usage.after(Report("interim-update", START + 60 * SECOND, 120, 50, 0))
    assert added.input_octets == 150
    assert after.input_octets == 2**32 + 50


def test_a_counter_that_falls_from_its_lower_half_began_again() -> None:
    usage, _ = Usage.begun_by(Report("interim-update", START, 60, 1000, 0))
    assert usage.after(Report("interim-update", START + 60 * SECOND, 120, 50, 0))[1].input_octets == 50


@pytest.mark.parametrize("jump", [-3600, 3600])
def test_a_nas_whose_clock_is_put_right_goes_on(jump: int) -> None:
    usage, _ = Usage.begun_by(Report("interim-update", START, 600, 1000, 0))
    usage, added = usage.after(Report("interim-update", START + (600 + jump) * SECOND, 1200, 1500, 0))
    assert added.input_octets == 500
    _, added = usage.after(Report("interim-update", START + (1200 + jump) * SECOND, 1800, 1700, 0))
    assert added.input_octets == 200


def test_a_stop_ends_it_and_a_late_interim_does_not_bring_it_back() -> None:
    usage, _ = Usage.begun_by(Report("start", START, None, None, None))
    usage, _ = usage.after(Report("stop", START + 100 * SECOND, 100, 10, 10))
    assert usage.ended
    usage, added = usage.after(Report("interim-update", START + 50 * SECOND, 50, 5, 5))
    assert (usage.ended, added) == (True, NOTHING)


def test_a_new_session_under_an_old_id_is_not_ended() -> None:
    usage, _ = Usage.begun_by(Report("stop", START, 100, 10, 10))
    usage, _ = usage.after(Report("start", START + 3600 * SECOND, None, None, None))
    assert not usage.ended
    assert usage.input_octets == 10


def test_no_total_outgrows_its_column() -> None:
    usage, _ = Usage.begun_by(Report("interim-update", START, 60, MOST, MOST))
    usage, _ = usage.after(Report("start", START + 3600 * SECOND, None, MOST, MOST))
    assert (usage.input_octets, usage.output_octets) == (MOST, MOST)
