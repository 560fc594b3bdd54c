"""Whether a Jupyter server asks for a token: from the files that running servers leave in their owners' homes."""

from __future__ import annotations

import json
import re
from typing import Final

from nac.agent.listeners import Listener
from nac.agent.machine import Machine
from nac.agent.root import UnreadableError

RUNTIME: Final = ".local/share/jupyter/runtime"
"""Where Jupyter keeps `jpserver-PID.json` and `nbserver-PID.json`, below a home folder."""

MOST_FILES: Final = 64

_SERVER: Final = re.compile(r"(?:jp|nb)server-\d+\.json")
_NO_TOKEN: Final = re.compile(r"--\w+\.token=(?:''|\"\")?$")
_PASSWORD: Final = re.compile(r"--\w+\.(?:password|hashed_password)=.+")


def asks_for_token(machine: Machine, listener: Listener) -> bool | None:
    """True with a token or a password, False with neither, None when that cannot be seen."""
    if listener.process is not None:
        words = listener.process.arguments
        if any(map(_NO_TOKEN.match, words)) and not any(map(_PASSWORD.match, words)):
            return False
    pid = listener.process.pid if listener.process else None
    for said in _running(machine):
        if said.get("port") == listener.port and pid in (None, said.get("pid")):
            return bool(said.get("token")) or said.get("password") is True
    return None


def _running(machine: Machine) -> list[dict[str, object]]:
    """What each running server says of itself; a file that is none of Jupyter's is passed over."""
    found: list[dict[str, object]] = []
    for home in machine.homes:
        folder = f"{home}/{RUNTIME}"
        names = [name for name in machine.root.names_if_any(folder) if _SERVER.fullmatch(name)]
        for name in names[:MOST_FILES]:
            try:
                said = json.loads(machine.root.text_within(home, f"{folder}/{name}", 16384))
            except (UnreadableError, ValueError, RecursionError):
                continue
            if isinstance(said, dict):
                found.append(said)
    return found
