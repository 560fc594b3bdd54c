"""When to look and when to report. Knows no clock: every call says what time it is, in seconds of a monotonic clock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from nac.agent.answer import PASSING, RefusedError
from nac.agent.backoff import LONGEST_REFUSED_S, LONGEST_S, Backoff
from nac.errors import NacError

BURST: Final = 6
"""Looks because of a change that may follow each other at once."""

REFILL_S: Final = 15.0
"""Then one in this time: a device that changes all the time costs no more than this."""

SOONEST_S: Final = 10.0
LATEST_S: Final = 3600.0
"""Bounds for what the server asks for as the time to the next report."""


class Schedule:
    """`every_s`: seconds between reports when nothing changes. `random` gives numbers from 0 to 1."""

    def __init__(self, now: float, every_s: float, random: Callable[[], float]) -> None:
        self._every_s = every_s
        self._random = random
        self._backoff = Backoff(random)
        self._report_at = now
        self._retry_at = now
        self._changed = False
        self._allowance = float(BURST)
        self._counted_at = now

    def changed(self) -> None:
        """Something on the device is not as it was."""
        self._changed = True

    def may_look(self, now: float) -> bool:
        """Whether to look closely because of a change; counts as done."""
        self._allowance = min(float(BURST), self._allowance + (now - self._counted_at) / REFILL_S)
        self._counted_at = now
        if not self._changed or self._allowance < 1.0:
            return False
        self._changed = False
        self._allowance -= 1.0
        return True

    def report_now(self) -> None:
        """The findings are others than those reported."""
        self._report_at = float("-inf")

    def due(self, now: float) -> bool:
        """Whether to report: it is time, and no failure is too fresh."""
        return now >= self._report_at and now >= self._retry_at

    def delivered(self, now: float, next_report_s: float) -> None:
        """The server has the report and wants the next one after `next_report_s`."""
        self._backoff.succeeded()
        wait = min(self._every_s, max(SOONEST_S, min(next_report_s, LATEST_S)))
        self._report_at = now + wait * (0.9 + 0.1 * self._random())
        self._retry_at = now

    def failed(self, now: float, error: NacError) -> float:
        """The report did not arrive or was refused; returns the seconds until the next try."""
        refused = isinstance(error, RefusedError) and error.refusal.error not in PASSING
        wait = self._backoff.failed(LONGEST_REFUSED_S if refused else LONGEST_S)
        self._retry_at = now + wait
        return wait
