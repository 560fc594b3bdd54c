"""macOS and Windows: what their own programs say, captured and in the forms that their manuals show."""

from __future__ import annotations

from pathlib import Path

import pytest
from agent_device import finding, machine

from nac.agent.checks import NAMES
from nac.agent.platforms import checks_of, windows
from nac.agent.root import Root

BUILD = (
    "CurrentBuildNumber REG_SZ 22631",
    "CurrentMajorVersionNumber REG_DWORD 0xa",
    "DisplayVersion REG_SZ 23H2",
)
BITLOCKER = """
Volume C: [OS]
[OS Volume]

    Size:                 475.32 GB
    BitLocker Version:    2.0
    Conversion Status:    {conversion}
    Percentage Encrypted: 100.0%
    Encryption Method:    XTS-AES 256
    Protection Status:    Protection {protection}
    Lock Status:          Unlocked
"""
PROFILE = """
{name} Profile Settings:
----------------------------------------------------------------------
State                                 {state}
Firewall Policy                       {policy},AllowOutbound
"""


def profiles(state: str = "ON", policy: str = "BlockInbound") -> str:
    names = ("Domain", "Private")
    first = "".join(PROFILE.format(name=name, state="ON", policy="BlockInbound") for name in names)
    return first + PROFILE.format(name="Public", state=state, policy=policy) + "Ok.\n"


CHIP = """
Controller:

      Model Identifier: MacBookPro18,3
      Boot UUID: 01234567-89AB-CDEF-0123-456789ABCDEF
      Boot Policy:
          Secure Boot: {policy}
          System Integrity Protection: Enabled
          Signed System Volume: Enabled
"""


def sip(said: str = "enabled", policy: str = "Full Security") -> dict[str, str]:
    status = f"System Integrity Protection status: {said}.\n"
    return {"csrutil": status, "system_profiler": CHIP.format(policy=policy)}


def registry(key: str, *values: str, options: str = "", below: str = "") -> dict[str, str]:
    """What `reg query` prints for a key of HKLM with these values."""
    path = f"HKEY_LOCAL_MACHINE{key.removeprefix('HKLM')}{below}"
    lines = [value.replace(" ", "    ") for value in values]
    said = "\r\n".join(["", path, *(f"    {line}" for line in lines), "", ""])
    return {f"reg query {key} {options}".strip(): said}


def updates(start: str = "0x3", *policies: str) -> dict[str, str]:
    started = registry(windows.UPDATE_SERVICE, f"Start REG_DWORD {start}", options="/v Start")
    return {**registry(windows.UPDATES, *policies, options="/s", below=r"\WindowsUpdate\AU"), **started}


def booted(enabled: str) -> dict[str, str]:
    value = f"UEFISecureBootEnabled REG_DWORD {enabled}"
    return registry(windows.SECURE_BOOT, value, options="/v UEFISecureBootEnabled")


def limit(seconds: int) -> dict[str, str]:
    value = f"InactivityTimeoutSecs REG_DWORD {seconds:#x}"
    return registry(windows.LIMITS, "EnableLUA REG_DWORD 0x1", value, "legalnoticetext REG_SZ No trespassing")


CASES = [
    ("macos", "disk_encryption", "pass", {"fdesetup": "FileVault is On.\n"}),
    ("macos", "disk_encryption", "fail", {"fdesetup": "FileVault is Off.\n"}),
    ("macos", "disk_encryption", "fail", {"fdesetup": "FileVault is On.\nEncryption in progress: Percent = 12\n"}),
    ("macos", "disk_encryption", "unknown", {"fdesetup": "Error: -69594\n"}),
    ("macos", "disk_encryption", "unknown", {}),
    ("macos", "firewall", "pass", {"socketfilterfw": "Firewall is enabled. (State = 1)\n"}),
    ("macos", "firewall", "fail", {"socketfilterfw": "Firewall is disabled. (State = 0)\n"}),
    ("macos", "firewall", "unknown", {}),
    ("macos", "os_supported", "unknown", {"sw_vers": "14.5\n"}),
    ("macos", "os_supported", "unknown", {}),
    ("macos", "automatic_updates", "pass", {"defaults": "1\n"}),
    ("macos", "automatic_updates", "fail", {"defaults": "0\n"}),
    ("macos", "automatic_updates", "unknown", {"defaults": "maybe\n"}),
    ("macos", "automatic_updates", "unknown", {}),
    ("macos", "secure_boot", "pass", sip()),
    ("macos", "secure_boot", "fail", sip("disabled")),
    ("macos", "secure_boot", "fail", sip(policy="Permissive Security")),
    ("macos", "secure_boot", "fail", sip(policy="Reduced Security")),
    ("macos", "secure_boot", "unknown", sip("unknown (Custom Configuration)")),
    ("macos", "secure_boot", "unknown", {**sip(), "system_profiler": ""}),
    ("macos", "secure_boot", "unknown", {}),
    ("windows", "disk_encryption", "pass", {
        "manage-bde": BITLOCKER.format(conversion="Fully Encrypted", protection="On")}),
    ("windows", "disk_encryption", "pass", {
        "manage-bde": BITLOCKER.format(conversion="Used Space Only Encrypted", protection="On")}),
    ("windows", "disk_encryption", "fail", {
        "manage-bde": BITLOCKER.format(conversion="Fully Encrypted", protection="Off")}),
    ("windows", "disk_encryption", "fail", {
        "manage-bde": BITLOCKER.format(conversion="Encryption in Progress", protection="On")}),
    ("windows", "disk_encryption", "unknown", {"manage-bde": "Schutzstatus: Der Schutz ist aktiviert\n"}),
    ("windows", "disk_encryption", "unknown", {}),
    ("windows", "firewall", "pass", {"netsh": profiles()}),
    ("windows", "firewall", "fail", {"netsh": profiles(state="OFF")}),
    ("windows", "firewall", "fail", {"netsh": profiles(policy="AllowInbound")}),
    ("windows", "firewall", "unknown", {"netsh": "State    ON\n"}),
    ("windows", "os_supported", "unknown", registry(windows.VERSION, *BUILD)),
    ("windows", "os_supported", "unknown", {"reg": ""}),
    ("windows", "automatic_updates", "pass", updates()),
    ("windows", "automatic_updates", "pass", updates("0x2", "NoAutoUpdate REG_DWORD 0x0", "AUOptions REG_DWORD 0x4")),
    ("windows", "automatic_updates", "fail", updates("0x4")),
    ("windows", "automatic_updates", "fail", updates("0x3", "NoAutoUpdate REG_DWORD 0x1")),
    ("windows", "automatic_updates", "fail", updates("0x3", "AUOptions REG_DWORD 0x2")),
    ("windows", "automatic_updates", "unknown", {"reg": ""}),
    ("windows", "automatic_updates", "unknown", {}),
    ("windows", "secure_boot", "pass", booted("0x1")),
    ("windows", "secure_boot", "fail", booted("0x0")),
    ("windows", "secure_boot", "unknown", {"reg": ""}),
    ("windows", "secure_boot", "unknown", {}),
    ("windows", "screen_lock", "pass", limit(900)),
    ("windows", "screen_lock", "fail", limit(901)),
    ("windows", "screen_lock", "fail", limit(0)),
    ("windows", "screen_lock", "unknown", registry(windows.LIMITS, "EnableLUA REG_DWORD 0x1")),
    ("windows", "screen_lock", "unknown", {}),
]  # fmt: skip


@pytest.mark.parametrize(("platform", "name", "result", "said"), CASES)
def test_a_program_is_understood(platform: str, name: str, result: str, said: dict[str, str], tmp_path: Path) -> None:
    assert finding(name, machine(Root(tmp_path), said), platform).result == result


def test_a_version_is_told_though_its_end_is_not_known(tmp_path: Path) -> None:
    """A policy can name the versions that it takes."""
    build = registry(windows.VERSION, *BUILD)
    for platform, said, value in (
        ("macos", {"sw_vers": "14.5\n"}, "macos 14.5"),
        ("windows", build, "windows 10.0.22631"),
    ):
        assert finding("os_supported", machine(Root(tmp_path), said), platform).value == value


@pytest.mark.parametrize("platform", ["macos", "windows"])
def test_what_is_not_looked_at_is_unknown_and_says_so(platform: str, tmp_path: Path) -> None:
    made = {name for at, name, _, _ in CASES if at == platform}
    for check in checks_of(platform):  # type: ignore[arg-type]
        if check.name not in made:
            found = check.finding(machine(Root(tmp_path)))
            assert (found.result, found.detail) == ("unknown", f"not looked at on {platform}")
    assert made < set(NAMES)
