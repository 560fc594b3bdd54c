"""How a report ages: fresh, ageing, stale, and at last nothing is known any more."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from nac.policy.model import Posture

Freshness = Literal["fresh", "ageing", "stale", "unknown"]


@dataclass(frozen=True, slots=True)
class Ages:
    """Seconds after a report: up to `fresh` it is fresh, from `stale` it is stale, from `unknown` nothing is known."""

    fresh: int
    stale: int
    unknown: int


@dataclass(frozen=True, slots=True)
class Lifetime:
    """The same for one report, in Unix seconds."""

    reported_at: int
    fresh_until: int
    ageing_until: int
    expires_at: int

    def freshness(self, now: int) -> Freshness:
        """At `now`; the data plane reads the same off its own clock (`dataplane/policy/src/device.rs`)."""
        if now >= self.expires_at:
            return "unknown"
        if now >= self.ageing_until:
            return "stale"
        return "fresh" if now < self.fresh_until else "ageing"


def ages(postures: Iterable[Posture], default: Ages) -> Ages:
    """Of all postures that apply the shortest each; a step never comes after the next one."""
    applying = list(postures)
    shortest = {
        word: min((age for posture in applying if (age := getattr(posture, word)) is not None), default=usual)
        for word, usual in (("fresh", default.fresh), ("stale", default.stale), ("unknown", default.unknown))
    }
    stale = min(shortest["stale"], shortest["unknown"])
    return Ages(min(shortest["fresh"], stale), stale, shortest["unknown"])


def lifetime(reported_at: int, aging: Ages) -> Lifetime:
    """Of a report that came at `reported_at` (Unix seconds)."""
    return Lifetime(reported_at, reported_at + aging.fresh, reported_at + aging.stale, reported_at + aging.unknown)
