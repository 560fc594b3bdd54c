"""secure_boot: the firmware starts signed code only (UEFI variables SecureBoot and SetupMode)."""

from __future__ import annotations

from typing import Final

from nac.agent.finding import Finding, failed, passed, unknown
from nac.agent.machine import Machine
from nac.agent.root import MissingError, Root

VARIABLES: Final = "/sys/firmware/efi/efivars"
GLOBAL: Final = "8be4df61-93ca-11d2-aa0d-00e098032b8c"
"""The vendor GUID of the variables that the UEFI specification itself defines."""


def run(machine: Machine) -> Finding:
    root = machine.root
    if not root.exists("/sys/firmware"):
        return unknown("/sys/firmware cannot be seen")
    if not root.exists("/sys/firmware/efi"):
        return failed(None, "the device was not started by UEFI")
    if not _variable(root, "SecureBoot"):
        return failed(None, "switch it on in the firmware's setup")
    if _variable(root, "SetupMode"):
        return failed(None, "the firmware is in setup mode, where anyone may replace its keys")
    return passed()


def _variable(root: Root, name: str) -> bool:
    """Four octets of attributes stand before the value (efivarfs). Raises `UnreadableError`, `ValueError`."""
    try:
        content = root.octets(f"{VARIABLES}/{name}-{GLOBAL}", 16)
    except MissingError:
        return False
    if len(content) != 5:
        raise ValueError(f"the variable {name} has {len(content)} octets")
    return content[4] == 1
