"""cuda: the newest CUDA toolkit on this device came out within the last two years."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Final

from nac.agent.finding import Finding, failed, passed
from nac.agent.machine import Machine
from nac.agent.root import MissingError

FOLDER: Final = "/usr/local"
OLDEST_DAYS: Final = 730
RELEASED: Final = {
    (11, 8): date(2022, 10, 3),
    (12, 0): date(2022, 12, 8),
    (12, 1): date(2023, 2, 28),
    (12, 2): date(2023, 6, 28),
    (12, 3): date(2023, 10, 19),
    (12, 4): date(2024, 3, 5),
    (12, 5): date(2024, 5, 21),
    (12, 6): date(2024, 8, 1),
    (12, 8): date(2025, 1, 23),
    (12, 9): date(2025, 5, 1),
    (13, 0): date(2025, 8, 4),
}
"""When each version came out, from NVIDIA's archive of toolkits; one in between counts as the version before it."""


def run(machine: Machine) -> Finding:
    versions = _versions(machine)
    if not versions:
        return passed(None, "no CUDA toolkit")
    newest = max(versions, key=_order)
    known = [released for number, released in RELEASED.items() if number <= _order(newest)]
    age = (datetime.fromtimestamp(machine.now, UTC).date() - max(known, default=min(RELEASED.values()))).days
    if _order(newest) <= max(RELEASED) and age > OLDEST_DAYS:
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
