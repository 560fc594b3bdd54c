"""rogue_notebook: no notebook server can be reached from the network, and none lets in without a token."""

from __future__ import annotations

from nac.agent.checks.notebook_tokens import asks_for_token
from nac.agent.checks.services import is_jupyter, services
from nac.agent.finding import Finding, failed, passed, unknown
from nac.agent.machine import Machine


def run(machine: Machine) -> Finding:
    rogue: list[str] = []
    unseen: list[str] = []
    for service in services(machine):
        if service.kind != "notebook":
            continue
        token = asks_for_token(machine, service.listener) if is_jupyter(service.listener) else None
        if service.listener.beyond_loopback or token is False:
            rogue.append(f"{service}{'' if token is not False else ' without token'}")
        elif token is None:
            unseen.append(str(service))
    if rogue:
        return failed(tuple(rogue), "bind it to 127.0.0.1 with a token, or use the shared notebook service")
    if unseen:
        return unknown(f"whether {', '.join(unseen)} asks for a token cannot be seen")
    return passed(())
