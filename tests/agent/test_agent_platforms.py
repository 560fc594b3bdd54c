"""macOS and Windows: what their own programs say, captured and in the forms that their manuals show."""

from __future__ import annotations

from pathlib import Path

import pytest
from agent_device import finding, machine

from nac.agent.checks import NAMES
from nac.agent.platforms import checks_of
from nac.agent.root import Root

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


CASES = [
    ("macos", "disk_encryption", "pass", {"fdesetup": "FileVault is On.\n"}),
    ("macos", "disk_encryption", "fail", {"fdesetup": "FileVault is Off.\n"}),
    ("macos", "disk_encryption", "fail", {"fdesetup": "FileVault is On.\nEncryption in progress: Percent = 12\n"}),
    ("macos", "disk_encryption", "unknown", {"fdesetup": "Error: -69594\n"}),
    ("macos", "disk_encryption", "unknown", {}),
    ("macos", "firewall", "pass", {"socketfilterfw": "Firewall is enabled. (State = 1)\n"}),
    ("macos", "firewall", "fail", {"socketfilterfw": "Firewall is disabled. (State = 0)\n"}),
    ("macos", "firewall", "unknown", {}),
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
]  # fmt: skip


@pytest.mark.parametrize(("platform", "name", "result", "said"), CASES)
def test_a_program_is_understood(platform: str, name: str, result: str, said: dict[str, str], tmp_path: Path) -> None:
    assert finding(name, machine(Root(tmp_path), said), platform).result == result


@pytest.mark.parametrize("platform", ["macos", "windows"])
def test_what_is_not_looked_at_is_unknown_and_says_so(platform: str, tmp_path: Path) -> None:
    made = {name for at, name, _, _ in CASES if at == platform}
    for check in checks_of(platform):  # type: ignore[arg-type]
        if check.name not in made:
            found = check.finding(machine(Root(tmp_path)))
            assert (found.result, found.detail) == ("unknown", f"not looked at on {platform}")
    assert made < set(NAMES)
