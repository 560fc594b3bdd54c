"""cuda: the newest CUDA toolkit on this device came out within the last two years."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Final

from nac.agent.checks.lifetimes import dates
from nac.agent.finding import Finding, failed, passed
from nac.agent.machine import Machine
from nac.agent.root import MissingError

FOLDER: Final = "/usr/local"
OLDEST_DAYS: Final = 730


def run(machine: Machine) -> Finding:
    versions = _versions(machine)
    if not versions:
        return passed(None, "no CUDA toolkit")
    newest = max(versions, key=_order)
    released = {_order(version): day for version, day in dates("cuda_released").items()}
    known = [day for version, day in released.items() if version <= _order(newest)]
    age = (datetime.fromtimestamp(machine.now, UTC).date() - max(known, default=min(released.values()))).days
    if _order(newest) <= max(released) and age > OLDEST_DAYS:
        return failed(newest, f"came out {age} days ago: install a current toolkit")
    return passed(newest)


def _versions(machine: Machine) -> list[str]:
    found: list[str] = []
    for name in machine.root.names_if_any(FOLDER):
        if name != "cuda" and not name.startswith("cuda-"):
            continue
        try:
            said = json.loads(machine.root.text(f"{FOLDER}/{name}/version.json", 65536))
        except MissingError:
            continue
        found.append(str(said["cuda"]["version"]))
    return found


def _order(version: str) -> tuple[int, int]:
    major, minor, *_ = (*version.split("."), "0")
    return int(major), int(minor)
