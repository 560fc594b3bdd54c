"""screen_lock: a screen that is left alone locks itself, and its user cannot switch that off."""

from __future__ import annotations

import re
from configparser import ConfigParser, Error
from typing import Final

from nac.agent.finding import Finding, failed, passed, unknown
from nac.agent.machine import Machine
from nac.agent.root import MissingError, Root

SESSIONS: Final = ("/usr/share/xsessions", "/usr/share/wayland-sessions")
DCONF: Final = "/etc/dconf/db"
SCREENSAVER: Final = "org/gnome/desktop/screensaver"
IDLE: Final = "org/gnome/desktop/session"
KDE: Final = "/etc/xdg/kscreenlockerrc"
LONGEST_IDLE_S: Final = 900

_FIX: Final = "set and lock lock-enabled and idle-delay (dconf), or [Daemon][$i] of kscreenlockerrc (KDE)"


def run(machine: Machine) -> Finding:
    root = machine.root
    desktops = [name for folder in SESSIONS for name in root.names_if_any(folder)]
    if not desktops:
        return passed(None, "no desktop is installed")
    findings = []
    if any("plasma" in name for name in desktops):
        findings.append(_kde(root))
    if any(name.startswith(("gnome", "ubuntu")) for name in desktops):
        findings.append(_gnome(root))
    if not findings:
        return unknown(f"how {', '.join(desktops)} locks the screen is not known to this agent")
    worst = {"fail": 0, "unknown": 1, "pass": 2}
    return min(findings, key=lambda finding: worst[finding.result])


def _gnome(root: Root) -> Finding:
    values: dict[str, str] = {}
    locked: set[str] = set()
    for database in (name for name in root.names_if_any(DCONF) if name.endswith(".d")):
        values |= _dconf_values(root, f"{DCONF}/{database}")
        for name in root.names_if_any(f"{DCONF}/{database}/locks"):
            locked |= set(root.text(f"{DCONF}/{database}/locks/{name}").split())
    enabled = values.get(f"/{SCREENSAVER}/lock-enabled")
    idle = re.fullmatch(r"(?:uint32\s+)?(\d+)", values.get(f"/{IDLE}/idle-delay", ""))
    if enabled == "false" or (idle and not 0 < int(idle[1]) <= LONGEST_IDLE_S):
        return failed("gnome", f"it is set not to lock within {LONGEST_IDLE_S // 60} minutes: {_FIX}")
    if enabled == "true" and idle and {f"/{SCREENSAVER}/lock-enabled", f"/{IDLE}/idle-delay"} <= locked:
        return passed("gnome", f"after {idle[1]} s")
    return unknown(f"users may switch it off: {_FIX}")


def _dconf_values(root: Root, folder: str) -> dict[str, str]:
    """The key files of a system database (dconf(7)), the later file above the earlier."""
    values: dict[str, str] = {}
    for name in root.names(folder):
        if name != "locks":
            for section, entries in _settings(root.text(f"{folder}/{name}")).items():
                values |= {f"/{section}/{key}": value for key, value in entries.items()}
    return values


def _kde(root: Root) -> Finding:
    """KDE's own defaults lock after five minutes; `[$i]` behind a group forbids users to change it."""
    try:
        groups = _settings(root.text(KDE))
    except MissingError:
        return unknown(f"users may switch it off: {_FIX}")
    fixed = groups.get("Daemon][$i")
    daemon = fixed or groups.get("Daemon", {})
    minutes = int(daemon.get("Timeout", "5"))
    if daemon.get("Autolock", "true") == "false" or not 0 < minutes * 60 <= LONGEST_IDLE_S:
        return failed("kde", f"it is set not to lock within {LONGEST_IDLE_S // 60} minutes: {_FIX}")
    return passed("kde", f"after {minutes} minutes") if fixed else unknown(f"users may switch it off: {_FIX}")


def _settings(text: str) -> dict[str, dict[str, str]]:
    parser = ConfigParser(interpolation=None, strict=False, delimiters=("=",))
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # names keep their case
    try:
        parser.read_string(text)
    except Error as error:
        raise ValueError(type(error).__name__) from None
    return {section: dict(parser.items(section)) for section in parser.sections()}
