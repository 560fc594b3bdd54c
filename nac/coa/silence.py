"""Which switches do not answer: nothing is sent to them but one request now and then, until one is answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from nac.coa.exchange import Target

FIRST_RETRY_S: Final = 15.0
LONGEST_RETRY_S: Final = 900.0
HEARD_RETRY_S: Final = 5.0
"""A sign of one of its sessions brings the next try forward, but not more often than this."""

LATELY_S: Final = 30.0
"""A switch that answered within this time is there."""

ASKING_S: Final = 60.0
"""How long a request may be under way: longer than the exchange waits for an answer."""


@dataclass(slots=True)
class _Silent:
    delay: float
    retry_at: float
    asked_at: float
    asked: bool


class Silence:
    """`now`: monotonic seconds."""

    def __init__(self) -> None:
        self._silent: dict[Target, _Silent] = {}
        self._answered: dict[Target, float] = {}

    def __contains__(self, target: Target) -> bool:
        return target in self._silent

    def __len__(self) -> int:
        return len(self._silent)

    def note(self, target: Target, now: float) -> None:
        """A request was not answered. Of those that were under way at once, the first one counts; and none does when
        another was answered meanwhile."""
        before = self._silent.get(target)
        if now - self._answered.get(target, -LATELY_S) < LATELY_S:
            return
        if before is None:
            self._silent[target] = _Silent(FIRST_RETRY_S, now + FIRST_RETRY_S, now, asked=False)
        elif before.asked:
            before.delay = min(before.delay * 2, LONGEST_RETRY_S)
            before.retry_at, before.asked = now + before.delay, False

    def answered(self, target: Target, now: float) -> bool:
        """It answered; whether it had been silent."""
        self._answered[target] = now
        return self.forget(target)

    def forget(self, target: Target) -> bool:
        """As if it had not been silent; whether it had."""
        return self._silent.pop(target, None) is not None

    def end_all(self) -> None:
        """As if nobody had been silent."""
        self._silent = {}

    def heard(self, target: Target, now: float) -> bool:
        """One of its sessions gave a sign; whether it is to be asked again now."""
        silent = self._silent.get(target)
        if silent is None or now < silent.asked_at + HEARD_RETRY_S:
            return False
        _ask(silent, now)
        return True

    def due(self, now: float) -> list[Target]:
        """Those that are to be asked again; the answer, or its absence, is noted later."""
        found = [target for target, silent in self._silent.items() if silent.retry_at <= now]
        for target in found:
            _ask(self._silent[target], now)
        return found

    def next_at(self) -> float | None:
        """When `due` finds the next one."""
        return min((silent.retry_at for silent in self._silent.values()), default=None)


def _ask(silent: _Silent, now: float) -> None:
    silent.asked, silent.asked_at, silent.retry_at = True, now, now + max(silent.delay, ASKING_S)
