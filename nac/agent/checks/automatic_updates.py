"""automatic_updates: security updates are installed without anyone asking (unattended-upgrades, dnf-automatic)."""

from __future__ import annotations

import re
from typing import Final

from nac.agent.finding import Finding, failed, passed, unknown
from nac.agent.machine import Machine
from nac.agent.root import MissingError, Root

APT_FOLDER: Final = "/etc/apt/apt.conf.d"
NEEDED: Final = ("Update-Package-Lists", "Unattended-Upgrade")
DNF_SETTINGS: Final = "/etc/dnf/automatic.conf"
TIMERS: Final = "/etc/systemd/system/timers.target.wants"

_PERIODIC: Final = re.compile(r'^\s*APT::Periodic::([\w-]+)\s+"([^"]*)"\s*;', re.MULTILINE)


def run(machine: Machine) -> Finding:
    root = machine.root
    if root.exists(APT_FOLDER):
        return _apt(root)
    if root.exists("/etc/dnf"):
        return _dnf(root)
    return unknown("neither apt nor dnf is here")


def _apt(root: Root) -> Finding:
    if not root.exists("/usr/bin/unattended-upgrade"):
        return failed("apt", "unattended-upgrades is not installed: `apt install unattended-upgrades`")
    settings: dict[str, str] = {}
    for name in root.names(APT_FOLDER):
        settings.update(_PERIODIC.findall(root.text(f"{APT_FOLDER}/{name}")))
    off = [key for key in NEEDED if settings.get(key, "0") in ("", "0")]
    if off:
        return failed("apt", f"switched off: {', '.join(off)}; `dpkg-reconfigure unattended-upgrades`")
    return passed("apt")


def _dnf(root: Root) -> Finding:
    try:
        applies = re.search(r"^\s*apply_updates\s*=\s*(yes|true|1)\b", root.text(DNF_SETTINGS), re.M | re.I)
    except MissingError:
        return failed("dnf", "dnf-automatic is not installed: `dnf install dnf-automatic`")
    timer = any(name.startswith("dnf-automatic") for name in root.names_if_any(TIMERS))
    if not applies or not timer:
        return failed("dnf", "set apply_updates = yes and `systemctl enable --now dnf-automatic.timer`")
    return passed("dnf")
