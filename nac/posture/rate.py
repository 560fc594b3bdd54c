"""How often one certificate may ask: a bucket that fills by the clock. Bounded."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

BURST: Final = 20
"""Requests at once: a device on which much changes reports each change."""

PER_SECOND: Final = 0.2
"""Requests in the long run: three for each of the usual reports every five minutes would be a hundredth of one."""

MAX_CERTIFICATES: Final = 200_000
"""Buckets; beyond it the one that was asked longest ago is full again."""


class Rate:
    """Buckets by the certificate's fingerprint; used by one thread."""

    def __init__(self) -> None:
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def allows(self, fingerprint: str, *, now: float) -> bool:
        """Whether one more is allowed at `now` (seconds of any clock); it counts then."""
        left, at = self._buckets.get(fingerprint, (float(BURST), now))
        left = min(float(BURST), left + (now - at) * PER_SECOND)
        allowed = left >= 1
        self._buckets[fingerprint] = (left - 1 if allowed else left, now)
        self._buckets.move_to_end(fingerprint)
        while len(self._buckets) > MAX_CERTIFICATES:
            self._buckets.popitem(last=False)
        return allowed
