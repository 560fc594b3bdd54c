"""How long to wait after a failure: longer each time, never the same for two agents."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

FIRST_S: Final = 2.0
LONGEST_S: Final = 60.0
"""While the server cannot be reached: back within a minute of its return."""

LONGEST_REFUSED_S: Final = 600.0
"""While it refuses, which somebody has to mend first."""


class Backoff:
    """`random` gives numbers from 0 to 1. Half of each wait is fixed and half is drawn, so a fleet spreads out."""

    def __init__(self, random: Callable[[], float]) -> None:
        self._random = random
        self._failures = 0

    def failed(self, longest_s: float = LONGEST_S) -> float:
        """Seconds to wait after one more failure."""
        whole = min(longest_s, FIRST_S * 2.0 ** min(self._failures, 16))
        self._failures += 1
        return whole * (0.5 + 0.5 * self._random())

    def succeeded(self) -> None:
        """Begin anew."""
        self._failures = 0
