"""patch_age_days: days since packages were last upgraded, by the logs of dpkg or dnf."""

from __future__ import annotations

import gzip
import io
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Final

from nac.agent.finding import Finding, failed, passed, unknown
from nac.agent.machine import Machine
from nac.agent.root import MissingError, Root

OLDEST_DAYS: Final = 30
LONGEST_LOG: Final = 16 * 1024 * 1024
LOGS: Final = (
    ("/var/log/dpkg.log", re.compile(r"^(\d{4}-\d\d-\d\d) \S+ upgrade ", re.MULTILINE)),
    ("/var/log/dnf.rpm.log", re.compile(r"^(\d{4}-\d\d-\d\d)T\S+ \S+ Upgraded: ", re.MULTILINE)),
)
_DAY: Final = re.compile(r"^(\d{4}-\d\d-\d\d)", re.MULTILINE)
_FIX: Final = "install the updates (`apt upgrade` or `dnf upgrade`)"


def run(machine: Machine) -> Finding:
    for name, upgrade in LOGS:
        logs = list(_logs(machine.root, name))
        if not logs:
            continue
        day, said = _last(logs, upgrade)
        if day is None:
            return unknown(f"{name} says nothing of upgrades yet")
        age = (datetime.fromtimestamp(machine.now, UTC).date() - day).days
        if age > OLDEST_DAYS:
            return failed(age, f"{said} {age} days ago: {_FIX}")
        return passed(age, f"{said} {age} days ago")
    return unknown("neither dpkg nor dnf keeps a log here")


def _last(logs: list[str], upgrade: re.Pattern[str]) -> tuple[date | None, str]:
    """The day of the newest upgrade; without any, the day from which on the logs tell that there was none."""
    for log in logs:
        if days := upgrade.findall(log):
            return date.fromisoformat(days[-1]), "packages were last upgraded"
    if days := _DAY.findall(logs[-1]):
        return date.fromisoformat(days[0]), "no package was upgraded since the log began"
    return None, ""


def _logs(root: Root, name: str) -> Iterator[str]:
    """The log and what logrotate keeps of it, the newest first."""
    for number in range(13):
        for suffix in [""] if number == 0 else [f".{number}", f".{number}.gz"]:
            try:
                raw = root.octets(name + suffix, LONGEST_LOG)
            except MissingError:
                continue
            if suffix.endswith(".gz"):
                raw = gzip.GzipFile(fileobj=io.BytesIO(raw)).read(LONGEST_LOG)
            yield raw.decode("utf-8", "replace")
