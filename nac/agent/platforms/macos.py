"""macOS: what its own programs tell. Checks that need more are unknown there."""

from __future__ import annotations

import re
from typing import Final

from nac.agent.finding import Finding, failed, passed, unknown
from nac.agent.machine import Machine
from nac.agent.platforms import complete

FIREWALL: Final = "/usr/libexec/ApplicationFirewall/socketfilterfw"
UPDATES: Final = "/Library/Preferences/com.apple.SoftwareUpdate"
CHIP: Final = "SPiBridgeDataType"
"""What system_profiler calls the T2 chip, and Apple silicon in its place."""


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


def os_supported(machine: Machine) -> Finding:
    """The version, by `sw_vers` (sw_vers(1)); Apple names no day on which support ends."""
    version = machine.commands.run("sw_vers", "-productVersion").strip()
    if not re.fullmatch(r"\d+(\.\d+)*", version):
        return unknown(f"sw_vers said: {version}")
    return Finding("unknown", f"macos {version}", "until when Apple mends it is not known to this agent")


def automatic_updates(machine: Machine) -> Finding:
    """Whether updates of macOS install by themselves, by `defaults` (defaults(1)); unknown while it was never set."""
    said = machine.commands.run("defaults", "read", UPDATES, "AutomaticallyInstallMacOSUpdates").strip()
    if said == "1":
        return passed("software update")
    if said == "0":
        return failed("software update", "switch them on: System Settings, General, Software Update")
    return unknown(f"defaults said: {said}")


def secure_boot(machine: Machine) -> Finding:
    """System Integrity Protection, by `csrutil status` (csrutil(8)), and the boot policy of the Apple chip."""
    said = machine.commands.run("csrutil", "status").strip().partition("\n")[0]
    if said == "System Integrity Protection status: disabled.":
        return failed(None, "System Integrity Protection is off: `csrutil enable` in Recovery")
    if said != "System Integrity Protection status: enabled.":
        return unknown(f"csrutil said: {said}")
    policy = re.search(r"^\s*Secure Boot: (.+?)\s*$", machine.commands.run("system_profiler", CHIP), re.MULTILINE)
    if policy is None:
        return unknown("system_profiler knows of no boot policy: a Mac without Apple's chip")
    if policy[1] == "Full Security":
        return passed()
    return failed(None, f"the boot policy is {policy[1]}: choose Full Security in Recovery, Startup Security Utility")


CHECKS: Final = complete(
    "macos",
    {
        "disk_encryption": disk_encryption,
        "firewall": firewall,
        "os_supported": os_supported,
        "automatic_updates": automatic_updates,
        "secure_boot": secure_boot,
    },
)
