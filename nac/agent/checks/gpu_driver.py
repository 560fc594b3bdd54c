"""gpu_driver: the NVIDIA driver is not older than a year; its makers mend each branch for about as long."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

from nac.agent.finding import Finding, failed, passed, unknown
from nac.agent.machine import Machine
from nac.agent.root import MissingError, Root

VERSION: Final = "/proc/driver/nvidia/version"
DEVICES: Final = "/sys/bus/pci/devices"
NVIDIA: Final = "0x10de"
DISPLAY: Final = "0x03"
"""How the PCI class of a graphics or 3D controller begins."""

OLDEST_DAYS: Final = 365

_NUMBER: Final = re.compile(r"Kernel Module.*?\s(\d+(?:\.\d+)+)\s")
_BUILT: Final = re.compile(r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) (\w{3}) +(\d+) [\d:]{8} \w+ (\d{4})")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def run(machine: Machine) -> Finding:
    try:
        text = machine.root.text(VERSION, 4096)
    except MissingError:
        if _has_gpu(machine.root):
            return unknown("an NVIDIA device is here, but not its driver")
        return passed(None, "no NVIDIA device")
    number, built = _NUMBER.search(text), _BUILT.search(text)
    if number is None or built is None:
        return unknown(f"{VERSION} is in an unknown form")
    day = datetime(int(built[3]), _MONTHS.index(built[1]) + 1, int(built[2]), tzinfo=UTC)
    age = int(machine.now - day.timestamp()) // 86400
    if age > OLDEST_DAYS:
        return failed(number[1], f"built {age} days ago: install the current driver")
    return passed(number[1], f"built {age} days ago")


def _has_gpu(root: Root) -> bool:
    for device in root.names_if_any(DEVICES):
        folder = f"{DEVICES}/{device}"
        if root.text(f"{folder}/vendor", 16).strip() == NVIDIA and root.text(f"{folder}/class", 16).startswith(DISPLAY):
            return True
    return False
