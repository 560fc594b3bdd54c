"""What is said on the control socket."""

from __future__ import annotations

from typing import Any, Final, Literal

import msgspec

MAX_OCTETS: Final = 4 * 1024 * 1024
"""Longest answer: counters of some ten thousand clients."""


class ControlRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`reload`: read everything again, now. `status`: what the server is doing."""

    command: Literal["reload", "status"]


class ControlAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`ok` false: `message` says why, and the running snapshot stays as it was."""

    ok: bool
    message: str = ""
    fix: str = ""
    status: dict[str, Any] | None = None


def encode(message: ControlRequest | ControlAnswer) -> bytes:
    """One line."""
    return msgspec.json.encode(message) + b"\n"
