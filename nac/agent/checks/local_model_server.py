"""local_model_server: no server for models runs on this device, neither for the network nor for itself."""

from __future__ import annotations

from nac.agent.checks.services import services
from nac.agent.finding import Finding, failed, passed
from nac.agent.machine import Machine


def run(machine: Machine) -> Finding:
    found = tuple(str(service) for service in services(machine) if service.kind == "model-server")
    if found:
        return failed(found, "end it, or use the approved model service")
    return passed(())
