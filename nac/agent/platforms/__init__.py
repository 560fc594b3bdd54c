"""Which checks a platform has, and how it makes them: one table for each, all with the same names."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Literal

from nac.agent.checks import NAMES, Check, Run
from nac.agent.finding import Finding, unknown
from nac.agent.machine import Machine

Platform = Literal["linux", "macos", "windows"]


def this_platform() -> Platform:
    """The platform that the agent runs on; what is neither macOS nor Windows counts as Linux."""
    return {"darwin": "macos", "win32": "windows"}.get(sys.platform, "linux")  # type: ignore[return-value]


def checks_of(platform: Platform) -> Sequence[Check]:
    """All checks in the order of a report. Modules of other platforms are not imported."""
    checks: Sequence[Check] = import_module(f"nac.agent.platforms.{platform}").CHECKS
    return checks


def complete(platform: str, made: Mapping[str, Run]) -> tuple[Check, ...]:
    """Every check by name; one that the platform does not make is unknown, and says so."""
    return tuple(Check(name, made.get(name) or _not_made(platform)) for name in NAMES)


def _not_made(platform: str) -> Run:
    def run(machine: Machine) -> Finding:
        return unknown(f"not looked at on {platform}")

    return run
