"""When to look, to report and to wait; the clock is the test's."""

from __future__ import annotations

import random

import pytest

from nac.agent.answer import Refusal, RefusedError, UnreachableError
from nac.agent.backoff import FIRST_S, LONGEST_REFUSED_S, LONGEST_S, Backoff
from nac.agent.schedule import BURST, REFILL_S, Schedule

GONE = UnreachableError("gone")


def schedule(now: float = 0.0, draw: float = 1.0) -> Schedule:
    return Schedule(now, 300.0, lambda: draw)


def test_the_first_report_is_due_at_once() -> None:
    assert schedule(5.0).due(5.0)


@pytest.mark.parametrize(("asked", "wait"), [(60.0, 60.0), (900.0, 300.0), (0.0, 10.0), (-5.0, 10.0)])
def test_the_server_may_ask_for_more_but_not_for_a_flood(asked: float, wait: float) -> None:
    one = schedule()
    one.delivered(100.0, asked)
    assert not one.due(100.0 + wait - 0.001)
    assert one.due(100.0 + wait)


def test_a_fleet_does_not_report_in_step() -> None:
    def due_at(draw: float) -> float:
        one = schedule(draw=draw)
        one.delivered(0.0, 300.0)
        return next(now for now in range(1000) if one.due(now))

    assert (due_at(0.0), due_at(1.0)) == (270, 300)


def test_a_change_is_looked_at_at_once_and_reported() -> None:
    one = schedule()
    one.delivered(0.0, 300.0)
    assert not one.may_look(1.0)
    one.changed()
    assert one.may_look(2.0)
    assert not one.may_look(2.0)
    one.report_now()
    assert one.due(2.0)


def test_a_device_that_always_changes_is_looked_at_seldom() -> None:
    one = schedule()
    looks = 0
    for now in range(0, 3600, 2):
        one.changed()
        looks += one.may_look(now)
    assert looks == BURST + 3598 // REFILL_S


def test_a_change_that_had_to_wait_is_not_forgotten() -> None:
    one = schedule()
    for _ in range(BURST):
        one.changed()
        assert one.may_look(0.0)
    one.changed()
    assert not one.may_look(0.0)
    assert one.may_look(REFILL_S)


def test_failures_wait_longer_each_time_up_to_a_minute() -> None:
    one = schedule()
    waits = [one.failed(0.0, GONE) for _ in range(8)]
    assert waits == [2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0, 60.0]


def test_a_refusal_waits_up_to_ten_minutes_and_a_passing_one_does_not() -> None:
    refused, passing = (RefusedError(Refusal(word)) for word in ("revoked", "rate_limited"))
    one, two = schedule(), schedule()
    assert max(one.failed(0.0, refused) for _ in range(20)) == LONGEST_REFUSED_S
    assert max(two.failed(0.0, passing) for _ in range(20)) == LONGEST_S


def test_a_change_does_not_break_the_wait() -> None:
    one = schedule()
    wait = one.failed(0.0, GONE)
    one.report_now()
    assert not one.due(wait - 0.001)
    assert one.due(wait)


def test_a_success_forgets_the_failures() -> None:
    backoff = Backoff(lambda: 1.0)
    backoff.failed()
    backoff.failed()
    backoff.succeeded()
    assert backoff.failed() == FIRST_S


def test_half_of_a_wait_is_drawn() -> None:
    backoff = Backoff(random.Random(1).random)
    waits = [backoff.failed() for _ in range(1000)][10:]
    assert min(waits) >= LONGEST_S / 2
    assert max(waits) <= LONGEST_S
    assert len(set(waits)) > 900
