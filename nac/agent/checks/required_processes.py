"""required_processes: what the settings name runs, such as the endpoint protection."""

from __future__ import annotations

from nac.agent.finding import Finding, failed, passed
from nac.agent.machine import Machine


def run(machine: Machine) -> Finding:
    running = {name for process in machine.processes for name in process.names}
    missing = tuple(name for name in machine.settings.required_processes if name not in running)
    if missing:
        return failed(missing, f"not running: {', '.join(missing)}; start it")
    return passed(())
