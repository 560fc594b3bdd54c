"""What a scenario leaves: what it did and saw, and what was not as it must be."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


class ScenarioError(Exception):
    """Something is not as the scenario says it must be."""


@dataclass
class Step:
    """What a scenario did or saw, and how long it took."""

    text: str
    seconds: float


@dataclass
class Signed:
    """One authentication: the event that nac stored, and the port as the switch had it after it."""

    device: str
    mac: str
    switch: str
    event: dict[str, Any]
    port: dict[str, Any]
    begun: float
    ended: float


@dataclass
class Record:
    """What a scenario leaves for the report."""

    steps: list[Step] = field(default_factory=list)
    signed: list[Signed] = field(default_factory=list)
