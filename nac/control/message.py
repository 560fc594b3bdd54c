"""What is said on the control socket."""

from __future__ import annotations

from typing import Any, Final, Literal

import msgspec

MAX_OCTETS: Final = 4 * 1024 * 1024
"""Longest answer: counters of some ten thousand clients."""


Command = Literal["reload", "status", "sessions", "session", "change"]


class ControlRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`reload`: read everything again, now. `status`: what the server is doing. The others take a `query` and are about
    live sessions (`nac.coa.admin`): `sessions` finds some, `session` shows one, `change` does something to one.
    """

    command: Command
    query: dict[str, str | int | None] = {}


class ControlAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`ok` false: `message` says why, and what ran before goes on. `found`: what a query asked for."""

    ok: bool
    message: str = ""
    fix: str = ""
    status: dict[str, Any] | None = None
    found: Any = None


def encode(message: ControlRequest | ControlAnswer) -> bytes:
    """One line."""
    return msgspec.json.encode(message) + b"\n"
