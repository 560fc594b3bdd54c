"""Puts tables between the markers of docs/benchmarks.md, and the raw reports beside the build."""

from __future__ import annotations

import dataclasses
import json
import platform
import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

SECTIONS = (
    "machine",
    "cost",
    "floor",
    "half-open",
    "scaling",
    "latency",
    "offered",
    "storm",
    "rules",
    "coa",
    "posture",
    "drain",
    "catch-up",
    "accounting",
    "flame",
)


class MarkerError(Exception):
    """The document lacks a section's markers."""


def write(document: Path, section: str, text: str) -> None:
    """Replaces what stands between `<!-- bench:SECTION -->` and `<!-- /bench -->`. Raises `MarkerError`."""
    before = document.read_text()
    pattern = re.compile(rf"(<!-- bench:{re.escape(section)} -->\n).*?(<!-- /bench -->)", re.DOTALL)
    after, replaced = pattern.subn(lambda found: f"{found[1]}{text.rstrip()}\n{found[2]}", before)
    if replaced != 1:
        raise MarkerError(f"{document} needs the markers of section {section!r} once, it has them {replaced} times")
    document.write_text(after)


def save(folder: Path, section: str, measured: Any) -> Path:
    """Writes the raw reports as JSON."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{section}.json"
    path.write_text(json.dumps(measured, indent=1, default=_plain))
    return path


def machine() -> str:
    """What the numbers were measured on."""
    cpu = next(
        (
            line.split(":", 1)[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    cores = len(re.findall(r"^processor", Path("/proc/cpuinfo").read_text(), re.MULTILINE))
    versions = "; ".join(filter(None, (_first_line(["freeradius", "-v"]), _first_line(["hostapd", "-v"]))))
    today = datetime.now(UTC).date().isoformat()
    return f"Measured {today} on {cores} cores of {cpu}, Linux {platform.release()}. {versions}.\n"


def _first_line(command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=10)
    except FileNotFoundError:
        return ""
    return next(iter((done.stdout + done.stderr).splitlines()), "").split(",")[0].removeprefix("radiusd: ")


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    return str(value)
