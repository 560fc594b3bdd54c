"""A span of time as an administrator writes it: `90s`, `30m`, `12h`, `7d`, `4w`."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

UNIT_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
LONGEST_SECONDS: Final = 100 * 365 * 86400
"""A hundred years: what is longer was mistyped, and would overflow a certificate's date."""

_FORM: Final = re.compile(r"([0-9]{1,9})([smhdw])", re.ASCII)


class Duration(int):
    """A positive number of whole seconds, at most a hundred years."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Duration:
        """One number and one unit (s, m, h, d, w). Raises `ValueError` in words for an administrator."""
        match = _FORM.fullmatch(text.strip())
        if match is None:
            raise ValueError(f'"{text}" is not a duration: write a number and a unit (s, m, h, d, w), as in "12h"')
        seconds = int(match[1]) * UNIT_SECONDS[match[2]]
        if not 0 < seconds <= LONGEST_SECONDS:
            raise ValueError(f'"{text}" is out of bounds: a duration lies between 1s and {LONGEST_SECONDS // 86400}d')
        return cls(seconds)

    @property
    def seconds(self) -> int:
        """The span in seconds."""
        return int(self)

    @property
    def timedelta(self) -> timedelta:
        """The same span for arithmetic with dates."""
        return timedelta(seconds=int(self))

    def __str__(self) -> str:
        """The shortest form in whole units; `parse(str(d)) == d`."""
        for unit in ("d", "h", "m"):
            if self % UNIT_SECONDS[unit] == 0:
                return f"{self // UNIT_SECONDS[unit]}{unit}"
        return f"{int(self)}s"

    def __repr__(self) -> str:
        return f"Duration({str(self)!r})"
