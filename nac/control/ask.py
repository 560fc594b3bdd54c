"""The command line's end of the control socket."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from pathlib import Path

import msgspec

from nac.control.message import MAX_OCTETS, Command, ControlAnswer, ControlRequest, encode
from nac.errors import ControlError

_PATIENCE_S = 120.0
"""A reload compiles a large policy before it answers."""


def ask(path: Path, command: Command, query: Mapping[str, str | int | None] | None = None) -> ControlAnswer:
    """Ask the running server. Raises `ControlError` when none listens."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        line.settimeout(_PATIENCE_S)
        try:
            line.connect(str(path))
            line.sendall(encode(ControlRequest(command=command, query=dict(query or {}))))
            return msgspec.json.decode(_read(line), type=ControlAnswer)
        except (OSError, msgspec.DecodeError) as error:
            raise ControlError(
                f"no running server answers at {path} ({error})",
                fix="start it with `nac serve`, or name its configuration with --config",
            ) from error


def _read(line: socket.socket) -> bytes:
    parts = bytearray()
    while not parts.endswith(b"\n") and len(parts) < MAX_OCTETS:
        part = line.recv(65536)
        if not part:
            break
        parts += part
    return bytes(parts)
