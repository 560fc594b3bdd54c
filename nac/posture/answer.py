"""What an agent is told: its verdict, or why its report was not taken. JSON."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from nac.posture.nonces import Nonce
from nac.posture.refusal import HTTP_STATUS, RefusedError
from nac.posture.store import Standing

SHORTEST_INTERVAL: Final = 30
LONGEST_INTERVAL: Final = 300
"""Seconds between two reports without a change; half of what a report stays fresh, within these."""


def verdict(standing: Standing, nonce: Nonce) -> tuple[int, bytes]:
    """HTTP status and body for a device that has one."""
    judged, times = standing.verdict, standing.lifetime
    interval = (times.fresh_until - times.reported_at) // 2
    return 200, _json(
        {
            "status": judged.status,
            "score": judged.score,
            "failed": judged.failed,
            "passed": judged.passed,
            "expires_at": times.expires_at,
            "next_report_s": max(SHORTEST_INTERVAL, min(interval, LONGEST_INTERVAL)),
            **_next(nonce),
        }
    )


def nothing_yet(nonce: Nonce) -> tuple[int, bytes]:
    """For a device that never reported, or whose report has expired."""
    unknown = {"status": "unknown", "score": 0, "failed": [], "passed": [], "expires_at": None, "next_report_s": 0}
    return 200, _json({**unknown, **_next(nonce)})


def challenge(nonce: Nonce, *, now: int) -> tuple[int, bytes]:
    """A nonce that was asked for."""
    return 200, _json({"nonce": nonce.text, "expires_at": nonce.expires_at, "server_time": now})


def refusal(refused: RefusedError, nonce: Nonce | None = None) -> tuple[int, bytes]:
    """With a nonce for the next try where one helps."""
    said: dict[str, Any] = {"error": refused.word, "detail": refused.detail, "fix": refused.fix}
    return HTTP_STATUS[refused.word], _json({**said, **(_next(nonce) if nonce else {})})


def _next(nonce: Nonce) -> dict[str, Any]:
    return {"nonce": nonce.text, "nonce_expires_at": nonce.expires_at}


def _json(value: object) -> bytes:
    return msgspec.json.encode(value)
