"""How fast to catch up: larger transactions while more waits, and pauses while others want the processors."""

from __future__ import annotations

import pytest

from nac.events.pace import BATCH, CROWDED, GATHER_S, LONGEST_S, MOST, SHARE, TRANSACTION_S, Pace


class Machine:
    """A clock, and how long the drain's thread waited for a processor."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.waited = 0.0
        self.pace = Pace(lambda: self.now, lambda: self.waited)

    def batch(self, took: float, *, waited: float = 0.0, behind: bool = True, urgent: bool = False) -> float:
        self.pace.begin()
        self.now += took
        self.waited += waited
        return self.pace.end(behind=behind, urgent=urgent)


def test_transactions_grow_while_they_are_short_and_more_waits() -> None:
    machine = Machine()
    for most in (BATCH * 2, MOST, MOST):
        assert machine.batch(TRANSACTION_S / 4) == 0.0
        assert machine.pace.most == most
    machine.batch(TRANSACTION_S * 0.75)
    assert machine.pace.most == MOST, "long enough, and not too long"


def test_transactions_that_last_too_long_shrink_again() -> None:
    machine = Machine()
    for _ in range(3):
        machine.batch(0.01)
    for most in (MOST // 2, BATCH, BATCH):
        machine.batch(TRANSACTION_S * 1.1)
        assert machine.pace.most == most


def test_a_few_records_are_gathered_and_say_nothing_of_the_size() -> None:
    machine = Machine()
    assert machine.batch(0.001, behind=False) == GATHER_S
    assert machine.pace.most == BATCH


def test_who_wants_the_processors_gets_them_most_of_the_time() -> None:
    machine = Machine()
    took = 0.5
    assert machine.batch(took, waited=took * CROWDED * 0.9) == 0.0
    pause = machine.batch(took, waited=took * CROWDED * 1.1)
    assert took / (took + pause) == pytest.approx(SHARE)
    assert machine.batch(60.0, waited=30.0) == LONGEST_S
    assert machine.batch(took) == 0.0, "what was waited before is not counted again"


def test_a_journal_that_fills_up_is_not_kept_waiting() -> None:
    assert Machine().batch(1.0, waited=1.0, urgent=True) == 0.0
