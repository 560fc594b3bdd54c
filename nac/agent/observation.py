"""All that is found at one moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from nac.agent.checks import Check
from nac.agent.checks.notebook_tokens import asks_for_token
from nac.agent.checks.services import Kind, is_jupyter, services
from nac.agent.finding import Finding, Result, Value, tame, unknown
from nac.agent.machine import Machine
from nac.agent.root import UnreadableError

_NOTHING: Final[Mapping[str, Finding]] = MappingProxyType({})


@dataclass(frozen=True)
class SeenService:
    """A listener worth a word: reachable from the network, a notebook or a model server."""

    port: int
    address: str
    process: str
    kind: Kind
    token: bool | None


@dataclass(frozen=True)
class Observation:
    """Findings by the name of their check, in the order of a report; `at` in Unix seconds."""

    at: float
    findings: Mapping[str, Finding]
    services: tuple[SeenService, ...]

    @property
    def substance(self) -> tuple[tuple[str, Result, Value], ...]:
        """What makes two observations different; details do not."""
        return tuple((name, one.result, one.value) for name, one in self.findings.items())

    def named(self, result: Result) -> tuple[str, ...]:
        """The checks that ended so."""
        return tuple(name for name, finding in self.findings.items() if finding.result == result)


def observe(
    machine: Machine,
    checks: Sequence[Check],
    kept: Mapping[str, Finding] = _NOTHING,
    told: Mapping[str, Finding] = _NOTHING,
) -> Observation:
    """Make the checks, but for those of which a finding is kept. What they leave unknown is as osquery has `told`."""
    findings = {check.name: kept.get(check.name) or check.finding(machine) for check in checks}
    for name, other in told.items():
        if findings[name].result == "unknown":
            findings[name] = other if other.result != "unknown" else unknown(f"{findings[name].detail}; {other.detail}")
    return Observation(machine.now, findings, _services(machine))


def _services(machine: Machine) -> tuple[SeenService, ...]:
    try:
        seen = services(machine)
    except (UnreadableError, ValueError):
        return ()
    return tuple(
        SeenService(
            port=one.listener.port,
            address=one.listener.address,
            process=tame(one.name),
            kind=one.kind,
            token=asks_for_token(machine, one.listener) if is_jupyter(one.listener) else None,
        )
        for one in seen
        if one.kind != "other" or one.listener.beyond_loopback
    )
