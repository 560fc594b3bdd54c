"""A point in time on both clocks: the one for intervals and the one for people."""

from __future__ import annotations

import time
from typing import NamedTuple


class Moment(NamedTuple):
    """`monotonic`: seconds. `unix_us`: Unix microseconds."""

    monotonic: float
    unix_us: int

    @classmethod
    def now(cls) -> Moment:
        return cls(time.monotonic(), time.time_ns() // 1000)

    @property
    def unix(self) -> int:
        """Unix seconds."""
        return self.unix_us // 1_000_000
