"""Windows: what its own programs tell, in English. Checks that need more, or another language, are unknown there."""

from __future__ import annotations

import re
from typing import Final

from nac.agent.finding import Finding, failed, passed, unknown
from nac.agent.machine import Machine
from nac.agent.platforms import complete

_PROTECTION: Final = re.compile(r"^\s*Protection Status:\s*Protection (On|Off)", re.MULTILINE)
_CONVERSION: Final = re.compile(r"^\s*Conversion Status:\s*(.+?)\s*$", re.MULTILINE)
_STATE: Final = re.compile(r"^State\s+(ON|OFF)\s*$", re.MULTILINE)
_POLICY: Final = re.compile(r"^Firewall Policy\s+(\w+),\w+\s*$", re.MULTILINE)


def disk_encryption(machine: Machine) -> Finding:
    """BitLocker on the system's volume, by `manage-bde -status C:`."""
    said = machine.commands.run("manage-bde", "-status", "C:")
    protection, conversion = _PROTECTION.search(said), _CONVERSION.search(said)
    if protection is None or conversion is None:
        return unknown("manage-bde said nothing of protection")
    if protection[1] == "On" and conversion[1] in ("Fully Encrypted", "Used Space Only Encrypted"):
        return passed("bitlocker")
    return failed("bitlocker", "switch BitLocker on for C:, and let it finish")


def firewall(machine: Machine) -> Finding:
    """The Windows firewall in its three profiles, by `netsh advfirewall show allprofiles`."""
    said = machine.commands.run("netsh", "advfirewall", "show", "allprofiles")
    states, policies = _STATE.findall(said), _POLICY.findall(said)
    if len(states) != 3 or len(policies) != 3:
        return unknown("netsh did not tell of three profiles")
    if set(states) == {"ON"} and all(policy.startswith("BlockInbound") for policy in policies):
        return passed("windows firewall")
    return failed("windows firewall", "switch it on in every profile, with incoming traffic blocked")


CHECKS: Final = complete("windows", {"disk_encryption": disk_encryption, "firewall": firewall})
