"""What was found while the server could not be told: the newest changes, never whole reports.

A report that could not be sent is not kept and sent later: it would be old, and its nonce used up. The next one is made
anew, of the device as it is then, and carries this as history.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from nac.agent.observation import Observation

MOST: Final = 16
"""Changes that are kept; the oldest goes first."""


class Missed(msgspec.Struct, frozen=True):
    """`at` in Unix seconds; `failed` and `unknown` are names of checks."""

    at: int
    failed: tuple[str, ...]
    unknown: tuple[str, ...]


def with_missed(earlier: Sequence[Missed], observation: Observation) -> tuple[Missed, ...]:
    """The queue with one more, unless it says what the newest says already."""
    new = Missed(int(observation.at), observation.named("fail"), observation.named("unknown"))
    if earlier and (earlier[-1].failed, earlier[-1].unknown) == (new.failed, new.unknown):
        return tuple(earlier)
    return (*earlier, new)[-MOST:]
