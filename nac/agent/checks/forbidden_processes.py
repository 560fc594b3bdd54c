"""forbidden_processes: nothing runs that the settings forbid."""

from __future__ import annotations

from nac.agent.finding import Finding, failed, passed
from nac.agent.machine import Machine


def run(machine: Machine) -> Finding:
    forbidden = set(machine.settings.forbidden_processes)
    found = tuple(sorted({name for process in machine.processes for name in process.names & forbidden}))
    if found:
        return failed(found, f"running: {', '.join(found)}; end it")
    return passed(())
