"""macOS: what its own programs tell. Checks that need more are unknown there."""

from __future__ import annotations

from typing import Final

from nac.agent.finding import Finding, failed, passed, unknown
from nac.agent.machine import Machine
from nac.agent.platforms import complete

FIREWALL: Final = "/usr/libexec/ApplicationFirewall/socketfilterfw"


def disk_encryption(machine: Machine) -> Finding:
    """FileVault, by `fdesetup status` (fdesetup(8))."""
    said = machine.commands.run("fdesetup", "status").strip()
    if said == "FileVault is On.":
        return passed("filevault")
    if said.startswith(("FileVault is Off.", "FileVault is On.")):
        return failed("filevault", "switch FileVault on, and let it finish: System Settings, Privacy & Security")
    return unknown(f"fdesetup said: {said}")


def firewall(machine: Machine) -> Finding:
    """The application firewall, by its own tool."""
    said = machine.commands.run(FIREWALL, "--getglobalstate")
    if "State = 1" in said or "State = 2" in said:
        return passed("application firewall")
    if "State = 0" in said:
        return failed("application firewall", "switch it on: System Settings, Network, Firewall")
    return unknown(f"socketfilterfw said: {said}")


CHECKS: Final = complete("macos", {"disk_encryption": disk_encryption, "firewall": firewall})
