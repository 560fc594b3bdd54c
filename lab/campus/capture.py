"""Captures: tcpdump at each switch. EAPOL of its ports and RADIUS of its uplink, in one file that Wireshark opens."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from lab.campus import namespace
from lab.campus.nac_home import until
from lab.campus.plan import NAC, SwitchPlan
from lab.campus.state import Lab

FILTER: Final = f"ether proto 0x888e or (host {NAC} and udp)"
_MIB: Final = 64
"""A capture ends there, and a second file begins."""


def path(lab: Lab, switch: str) -> Path:
    """The file of a switch."""
    return lab.captures / f"{switch}.pcap"


def start(lab: Lab, switch: SwitchPlan) -> None:
    """Capture until the lab is gone."""
    lab.captures.mkdir(exist_ok=True)
    file = path(lab, switch.name)
    log = lab.captures / f"{switch.name}.log"
    words = [
        "tcpdump",
        "-i",
        "any",
        "--immediate-mode",
        "-U",
        "-n",
        "-Z",
        "root",
        "-C",
        str(_MIB),
        "-w",
        str(file),
        FILTER,
    ]
    process = namespace.start(lab.namespace(switch.name), *words, log=log)
    until(lambda: True if "listening on" in log.read_text() else None, "tcpdump listens", alive=[process], log=log)
