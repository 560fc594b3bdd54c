"""agent_integrity: the agent's files are those that were installed, and only the administrator may change them."""

from __future__ import annotations

import base64
import csv
import hashlib
import stat
from typing import Final

from nac.agent.finding import Finding, failed, passed, unknown
from nac.agent.machine import Machine
from nac.agent.root import MissingError, Root

OURS: Final = (
    "nac/agent/",
    "nac/cli/agent.py",
    "nac/cli/__init__.py",
    "nac/errors.py",
    "nac/config/",
    "nac/posture/importers.py",
)
"""What the agent is made of, among the files of the package."""

WHEEL: Final = ("nac-", ".dist-info")
"""What stands around the version in the name of the folder that an installed wheel leaves."""

_OTHERS: Final = stat.S_IWGRP | stat.S_IWOTH


def run(machine: Machine) -> Finding:
    site = machine.package.rpartition("/")[0]
    recorded = _recorded(machine.root, site)
    if not recorded:
        return unknown("not installed from a wheel: there is no record of its files")
    changed: list[str] = []
    for name, digest in recorded.items():
        try:
            changed += [name] if _digest(machine.root, f"{site}/{name}") != digest else []
        except MissingError:
            changed.append(name)
    if changed:
        return failed(tuple(changed), "differs from what was installed: install the agent anew")
    loose = tuple(name for name in recorded if machine.root.status(f"{site}/{name}").st_mode & _OTHERS)
    if loose:
        return failed(loose, "others than its owner may write to it: `chmod go-w`")
    return passed(None, f"{len(recorded)} files")


def installed_version(root: Root, package: str) -> str:
    """The version of the wheel that the agent was installed from, empty without one."""
    site = package.rpartition("/")[0]
    names = (name for name in root.names_if_any(site) if name.startswith(WHEEL[0]) and name.endswith(WHEEL[1]))
    return next((name.removeprefix(WHEEL[0]).removesuffix(WHEEL[1]) for name in names), "")


def own_digest(root: Root, package: str) -> str:
    """SHA-256 in hex over the agent's own modules and data: their names and contents, in order of name."""
    total = hashlib.sha256()
    for name in _modules(root, f"{package}/agent"):
        total.update(name.removeprefix(package).encode() + b"\0" + root.octets(name) + b"\0")
    return total.hexdigest()


def _modules(root: Root, folder: str) -> list[str]:
    found: list[str] = []
    for name in root.names(folder):
        path = f"{folder}/{name}"
        if name.endswith((".py", ".json")):
            found.append(path)
        elif root.is_folder(path) and name != "__pycache__":
            found += _modules(root, path)
    return found


def _recorded(root: Root, site: str) -> dict[str, str]:
    """File -> SHA-256 in URL-safe base64, from the RECORD of the installed wheel (PEP 376, PEP 427)."""
    recorded: dict[str, str] = {}
    for name in root.names(site):
        if name.startswith(WHEEL[0]) and name.endswith(WHEEL[1]) and root.exists(f"{site}/{name}/RECORD"):
            for row in csv.reader(root.text(f"{site}/{name}/RECORD").splitlines()):
                if len(row) == 3 and row[0].startswith(OURS) and row[1].startswith("sha256="):
                    recorded[row[0]] = row[1].removeprefix("sha256=")
    return recorded


def _digest(root: Root, path: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(root.octets(path)).digest()).rstrip(b"=").decode()
