"""Many real EAP-TLS devices on simulated switches: `nac-supplicant swarm` against a server of these tests."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from lab_home import SECRET, Home
from nac_server import Server
from test_journal_faults import accounting_address

BINARY = Path(__file__).parents[2] / "target/release/nac-supplicant"
SOURCES = "127.9.0.0/28"
"""Where the switches are."""

_PATIENCE_S = 600.0


def swarm(server: Server, home: Home, *arguments: str) -> dict[str, Any]:
    """Run a swarm with the devices that are enrolled in `home`; its report. Skips when it is not built."""
    if not BINARY.exists():
        pytest.skip("nac-supplicant is not built: make supplicant")
    secret = home.folder / "swarm.secret"
    secret.write_bytes(SECRET)
    host, port = server.v4
    accounting_host, accounting_port = accounting_address(server)
    towards = ["--server", f"{host}:{port}", "--accounting", f"{accounting_host}:{accounting_port}"]
    devices = home.folder / "devices"
    anchors = next(devices.rglob("ca.pem"))
    who = ["--secret-file", str(secret), "--ca", str(anchors), "--devices", str(devices), "--sources", SOURCES]
    command = [str(BINARY), "swarm", *towards, *who, "--server-pid", str(server.pid), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_PATIENCE_S)
    assert done.returncode in (0, 1), done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return report
