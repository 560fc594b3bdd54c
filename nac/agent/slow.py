"""The slow checks, once an hour and beside the others, so that a search through folders holds nothing up."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence

from nac.agent.checks import Check
from nac.agent.finding import Finding
from nac.agent.machine import Machine

EVERY_S = 3600.0


class SlowChecks:
    """Keeps the findings of the slow checks among `checks`."""

    def __init__(self, checks: Sequence[Check]) -> None:
        self._checks = [check for check in checks if check.pace == "slow"]
        self._findings: Mapping[str, Finding] = {}
        self._made_at = float("-inf")
        self._thread: threading.Thread | None = None

    @property
    def findings(self) -> Mapping[str, Finding]:
        """The last finding of each, empty before the first time."""
        return self._findings

    def make(self, machine: Machine) -> None:
        """Make them now, and wait for them."""
        self._findings = {check.name: check.finding(machine) for check in self._checks}

    def make_if_due(self, machine: Machine, now: float) -> bool:
        """Begin, in a thread, when the hour is over. True once when one has ended. `now`: a monotonic clock's."""
        if self._thread is not None:
            if self._thread.is_alive():
                return False
            self._thread = None
            return True
        if now - self._made_at >= EVERY_S:
            self._made_at = now
            self._thread = threading.Thread(target=self.make, args=(machine,), name="slow-checks", daemon=True)
            self._thread.start()
        return False
