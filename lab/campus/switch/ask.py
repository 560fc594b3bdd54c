"""Speak with a switch of the lab: what `process.Switch.do_*` offers."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any, Final

from lab.campus.error import LabError

_PATIENCE_S: Final = 15.0


def ask(folder: Path, do: str, **given: object) -> Any:
    """Let the switch whose files are in `folder` do something; what it answers. Raises `LabError`."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(_PATIENCE_S)
        try:
            connection.connect(str(folder / "control.sock"))
            connection.sendall(json.dumps({"do": do, "with": given}).encode())
            said = b"".join(iter(lambda: connection.recv(65536), b""))
        except OSError as error:
            raise LabError(f"{folder.name} does not answer: {error}", fix=f"read {folder / 'log'}") from error
    answer = json.loads(said or b'{"error": "it went away"}')
    if "error" in answer:
        raise LabError(f"{folder.name}: {answer['error']}")
    return answer["ok"]
