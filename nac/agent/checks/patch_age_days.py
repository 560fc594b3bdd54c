"""patch_age_days: days since packages were last upgraded, by the logs of dpkg or dnf."""

from __future__ import annotations

import gzip
import io
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Final

from nac.agent.finding import Finding, failed, passed, unknown
from nac.agent.machine import Machine
from nac.agent.root import Root

OLDEST_DAYS: Final = 30
LONGEST_LOG: Final = 16 * 1024 * 1024
TAIL: Final = 65536
"""Octets at the end of a log, in which the newest upgrade mostly stands."""

LOGS: Final = (
    ("/var/log/dpkg.log", re.compile(r"^(\d{4}-\d\d-\d\d) \S+ upgrade ", re.MULTILINE)),
    ("/var/log/dnf.rpm.log", re.compile(r"^(\d{4}-\d\d-\d\d)T\S+ \S+ Upgraded: ", re.MULTILINE)),
)
_DAY: Final = re.compile(r"^(\d{4}-\d\d-\d\d)", re.MULTILINE)
_FIX: Final = "install the updates (`apt upgrade` or `dnf upgrade`)"


def run(machine: Machine) -> Finding:
    for name, upgrade in LOGS:
        logs = [one for one in _logs(name) if machine.root.exists(one)]
        if not logs:
            continue
        day, said = _last(machine.root, logs, upgrade)
        if day is None:
            return unknown(f"{name} says nothing of upgrades yet")
        age = (datetime.fromtimestamp(machine.now, UTC).date() - day).days
        if age > OLDEST_DAYS:
            return failed(age, f"{said} {age} days ago: {_FIX}")
        return passed(age, f"{said} {age} days ago")
    return unknown("neither dpkg nor dnf keeps a log here")


def _logs(name: str) -> list[str]:
    """The log and what logrotate keeps of it, the newest first."""
    return [name, *(f"{name}.{number}{suffix}" for number in range(1, 13) for suffix in ("", ".gz"))]


def _last(root: Root, logs: Sequence[str], upgrade: re.Pattern[str]) -> tuple[date | None, str]:
    """The day of the newest upgrade; without any, the day from which on the logs tell that there was none."""
    text = ""
    for log in logs:
        for text in _parts(root, log):
            if days := upgrade.findall(text):
                return date.fromisoformat(days[-1]), "packages were last upgraded"
    if days := _DAY.findall(text):
        return date.fromisoformat(days[0]), "no package was upgraded since the log began"
    return None, ""


def _parts(root: Root, log: str) -> Iterator[str]:
    """The end of a log, which is mostly enough, then all of it."""
    if log.endswith(".gz"):
        yield (
            gzip.GzipFile(fileobj=io.BytesIO(root.octets(log, LONGEST_LOG)))
            .read(LONGEST_LOG)
            .decode("utf-8", "replace")
        )
        return
    yield root.tail(log, TAIL)
    yield root.text(log, LONGEST_LOG)
