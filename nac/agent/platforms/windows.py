"""Windows: what its own programs tell. Checks that need more are unknown there.

`manage-bde` and `netsh` are understood in English alone; the registry has one language.
"""

from __future__ import annotations

import re
from typing import Final

from nac.agent.finding import Finding, failed, passed, unknown
from nac.agent.machine import Machine
from nac.agent.platforms import complete

VERSION: Final = r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion"
UPDATES: Final = r"HKLM\SOFTWARE\Policies\Microsoft\Windows"
UPDATE_SERVICE: Final = r"HKLM\SYSTEM\CurrentControlSet\Services\wuauserv"
SECURE_BOOT: Final = r"HKLM\SYSTEM\CurrentControlSet\Control\SecureBoot\State"
LIMITS: Final = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\System"

LONGEST_S: Final = 900
"""As long as a desktop on Linux may take to lock."""

_VALUE: Final = re.compile(r"^    (\S.*?)    REG_\w+    (.*?)\s*$")
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


def os_supported(machine: Machine) -> Finding:
    """The build, as Microsoft's pages of support count; when that ends depends on the edition and the contract."""
    values = _registry(machine, VERSION)
    major, build = values.get("currentmajorversionnumber"), values.get("currentbuildnumber", "")
    if major is None or not build.isdecimal():
        return unknown("the registry does not name the version")
    return Finding("unknown", f"windows {int(major, 16)}.0.{build}", "until when it is mended depends on its edition")


def automatic_updates(machine: Machine) -> Finding:
    """The service of Windows Update, and the policies that switch it off or only let it ask."""
    policies, service = _registry(machine, UPDATES, "/s"), _registry(machine, UPDATE_SERVICE, "/v", "Start")
    start = service.get("start")
    if start is None:
        return unknown("the registry does not name the service of Windows Update")
    if start == "0x4":
        return failed("windows update", "the service wuauserv is disabled: let it start when it is needed")
    if policies.get(r"windowsupdate\au\noautoupdate", "0x0") != "0x0":
        return failed("windows update", "a policy switches it off: NoAutoUpdate")
    if policies.get(r"windowsupdate\au\auoptions", "0x4") != "0x4":
        return failed("windows update", "a policy lets it only ask: set AUOptions to 4")
    return passed("windows update")


def secure_boot(machine: Machine) -> Finding:
    """What the firmware told Windows when it started; the key is missing where there is no UEFI."""
    enabled = _registry(machine, SECURE_BOOT, "/v", "UEFISecureBootEnabled").get("uefisecurebootenabled")
    if enabled is None:
        return unknown("the registry does not say")
    return passed() if enabled == "0x1" else failed(None, "switch it on in the firmware's setup")


def screen_lock(machine: Machine) -> Finding:
    """The limit for the whole machine; without it every user's own settings count, which are not looked at."""
    limit = _registry(machine, LIMITS).get("inactivitytimeoutsecs")
    if limit is None:
        return unknown("no limit for the whole machine: InactivityTimeoutSecs is not set")
    if 0 < int(limit, 16) <= LONGEST_S:
        return passed("machine inactivity limit")
    return failed("machine inactivity limit", f"let the screen lock after {LONGEST_S // 60} minutes at the latest")


def _registry(machine: Machine, key: str, *options: str) -> dict[str, str]:
    """The values below a key by their names, after the names of subkeys, in lower case, as `reg query` shows them."""
    values: dict[str, str] = {}
    below = ""
    for line in machine.commands.run("reg", "query", key, *options).splitlines():
        if line.startswith("HKEY_"):
            path = line.strip().lower()
            below = path.partition(key.partition("\\")[2].lower())[2].lstrip("\\")
        elif value := _VALUE.match(line):
            values[f"{below}\\{value[1]}".lstrip("\\").lower()] = value[2]
    return values


CHECKS: Final = complete(
    "windows",
    {
        "disk_encryption": disk_encryption,
        "firewall": firewall,
        "os_supported": os_supported,
        "automatic_updates": automatic_updates,
        "secure_boot": secure_boot,
        "screen_lock": screen_lock,
    },
)
