"""Linux: every check."""

from __future__ import annotations

from importlib import import_module
from typing import Final

from nac.agent.checks import NAMES, Check

SLOW: Final = frozenset({"unapproved_models"})
"""Checks that walk through folders."""

CHECKS: Final = tuple(
    Check(name, import_module(f"nac.agent.checks.{name}").run, "slow" if name in SLOW else "quick") for name in NAMES
)
