"""Tell systemd how the service is doing (sd_notify(3)); without systemd nothing happens."""

from __future__ import annotations

import os
import socket
import time
from typing import Final

PATIENCE_S: Final = 0.2
"""How long a supervisor that does not read may hold the server up."""


def notify(*assignments: str) -> None:
    """Send e.g. `READY=1` to `$NOTIFY_SOCKET`. A supervisor that does not listen is no reason to fail or to wait."""
    path = os.environ.get("NOTIFY_SOCKET")
    if not path:
        return
    address = "\0" + path[1:] if path.startswith("@") else path
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as supervisor:
        supervisor.settimeout(PATIENCE_S)
        try:
            supervisor.sendto("\n".join(assignments).encode(), address)
        except OSError:
            return


def reloading() -> None:
    """`RELOADING=1` with the time that Type=notify-reload asks for."""
    notify("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")
