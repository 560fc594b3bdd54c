"""The slow checks, and osquery: once an hour and beside the others, so that what takes long holds nothing up.

What they complain of are paths.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Final

from nac.agent.checks import Check
from nac.agent.finding import Finding
from nac.agent.machine import Machine
from nac.agent.osquery import ask_osquery
from nac.agent.root import Root

EVERY_S: Final = 3600.0


class SlowChecks:
    """Keeps the findings of the slow checks among `checks`: made at once, then hourly. `now`: a monotonic clock's."""

    def __init__(self, checks: Sequence[Check], machine: Machine, now: float) -> None:
        self._checks = [check for check in checks if check.pace == "slow"]
        self._findings: Mapping[str, Finding] = {}
        self._told: Mapping[str, Finding] = {}
        self._made_at = now
        self._thread: threading.Thread | None = None
        self._make(machine)

    @property
    def findings(self) -> Mapping[str, Finding]:
        """The last finding of each."""
        return self._findings

    @property
    def told(self) -> Mapping[str, Finding]:
        """What osquery said last."""
        return self._told

    def make_if_due(self, machine: Machine, now: float) -> bool:
        """Begin, in a thread, when the hour is over or a file that was found is gone. True once they have been made."""
        if self._thread is not None:
            if self._thread.is_alive():
                return False
            self._thread = None
            return True
        if now - self._made_at >= EVERY_S or self._mended(machine.root):
            self._made_at = now
            self._thread = threading.Thread(target=self._make, args=(machine,), name="slow-checks", daemon=True)
            self._thread.start()
        return False

    def _mended(self, root: Root) -> bool:
        """Whether somebody has moved or deleted a file that a check complains of: he shall not wait for an hour."""
        lists = (one.value for one in self._findings.values() if one.result == "fail" and isinstance(one.value, tuple))
        return not all(root.exists(path) for paths in lists for path in paths)

    def _make(self, machine: Machine) -> None:
        self._findings = {check.name: check.finding(machine) for check in self._checks}
        self._told = ask_osquery(machine.settings.osquery)
