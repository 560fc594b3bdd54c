"""What the server says to a report: a verdict, or a refusal."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from nac.errors import ControlError

Health = Literal["healthy", "degraded", "unhealthy", "unknown"]

AGAIN: Final = frozenset({"stale_nonce", "replayed"})
"""Refusals after which the same findings may be right in a new report, with the nonce that came along."""

PASSING: Final = frozenset({"rate_limited", "unavailable", *AGAIN})
"""Refusals that end by themselves."""


class FailedCheck(msgspec.Struct, frozen=True):
    """A check that failed by the server's policy; until `grace_until` (Unix seconds) it costs nothing yet."""

    check: str
    says: str = ""
    fix: str = ""
    grace_until: float | None = None


class Verdict(msgspec.Struct, frozen=True):
    """How the server judges this device. Times are Unix seconds, `nonce` is for the next report.

    `expires_at` is None for a device of which the server has no report.
    """

    status: Health
    score: int = 0
    failed: tuple[FailedCheck, ...] = ()
    passed: tuple[str, ...] = ()
    expires_at: float | None = None
    next_report_s: float = 300.0
    nonce: str | None = None
    nonce_expires_at: float = 0.0


class Nonce(msgspec.Struct, frozen=True):
    """Makes one report fresh (RFC 9711 section 4.1), until `expires_at` (Unix seconds)."""

    nonce: str
    expires_at: float


class Refusal(msgspec.Struct, frozen=True):
    """Why the server does not take a report."""

    error: str
    detail: str = ""
    fix: str = ""
    nonce: str | None = None


class UnreachableError(ControlError):
    """The server could not be reached, or what answered is not it."""


class RefusedError(ControlError):
    """The server refused, and said why."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(f"the server refuses: {refusal.error}: {refusal.detail}", fix=refusal.fix)
        self.refusal = refusal
