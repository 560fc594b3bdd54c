"""Whether a report is the next one of its device: counters, boots, and what tells a clone. Pure.

A counter only grows, and a boot that ended does not come back. One machine never breaks either rule: where two machines
hold the same key, their reports do.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from msgspec import Struct

from nac.posture.refusal import RefusedError
from nac.posture.report import Claims

MAX_BOOTS: Final = 8
"""Boots before the current one that are remembered."""

OVERLAP: Final = 120
"""Seconds by which two boots may seem to overlap: clocks are set while a device starts."""


class Boot(Struct, frozen=True):
    """`counter`: of its last report, which came at `last_at` (Unix seconds); `ueid`: the machine that it ran on."""

    id: str
    counter: int
    last_at: int
    ueid: str


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a device's agent: its boots, the current one last."""

    boots: tuple[Boot, ...] = ()


class CloneError(RefusedError):
    """The report is one of a second machine with the same key; `detail` is the evidence."""

    def __init__(self, detail: str) -> None:
        super().__init__("clone_suspected", detail)


def take(known: Known, claims: Claims, *, now: int) -> Known:
    """What is known once the report is taken. Raises `RefusedError` (replayed) or `CloneError`."""
    boot = Boot(claims.nac.boot_id, claims.nac.counter, now, claims.ueid)
    if not known.boots:
        return Known((boot,))
    current = known.boots[-1]
    if boot.id == current.id:
        if boot.ueid != current.ueid:
            raise CloneError(f"boot {boot.id} reports from two machines: {current.ueid} and {boot.ueid}")
        if boot.counter <= current.counter:
            raise RefusedError("replayed", f"counter {boot.counter} is not above {current.counter}")
        return replace(known, boots=(*known.boots[:-1], boot))
    for earlier in known.boots[:-1]:
        if boot.id == earlier.id:
            if boot.counter <= earlier.counter:
                raise RefusedError(
                    "replayed", f"counter {boot.counter} of an earlier boot is not above {earlier.counter}"
                )
            raise CloneError(
                f"boots {boot.id} and {current.id} take turns: the first reports again after the second reported"
            )
    started = claims.iat - claims.uptime
    if started + OVERLAP < current.last_at:
        raise CloneError(
            f"boots {boot.id} and {current.id} run at once: the first is up since {started}, "
            f"the second reported at {current.last_at}"
        )
    return Known((*known.boots[-MAX_BOOTS:], boot))
