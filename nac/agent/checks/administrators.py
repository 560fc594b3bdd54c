"""administrators: who may become root, and that none of them does so without a password."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from nac.agent.finding import Finding, failed, passed
from nac.agent.machine import Machine

GROUPS: Final = frozenset({"sudo", "wheel", "admin", "root"})
"""Groups whose members are root on one system or another."""

_RULE: Final = re.compile(r"^(?P<who>[^\s#@=]+)\s+\S+\s*=\s*(?:\([^)]*\)\s*)?(?P<tags>(?:[A-Z_]+:\s*)*)(?P<what>.+)$")
_NOT_RULES: Final = ("Defaults", "User_Alias", "Runas_Alias", "Host_Alias", "Cmnd_Alias")


def run(machine: Machine) -> Finding:
    rules = list(_rules(machine))
    names = {user.name for user in machine.users if user.uid == 0}
    twins = sorted(names - {"root"})
    names |= set(_members(machine)) | {who for who, _ in rules if not who.startswith("%")}
    open_rules = sorted({who for who, tags in rules if "NOPASSWD:" in tags or who == "ALL"})
    value = tuple(sorted(names - {"root"}))
    if twins:
        return failed(value, f"user number 0 besides root: {', '.join(twins)}")
    if open_rules:
        return failed(value, f"may do everything without a password: {', '.join(open_rules)}; see /etc/sudoers")
    return passed(value)


def _members(machine: Machine) -> Iterator[str]:
    for line in machine.root.text("/etc/group").splitlines():
        name, _, rest = line.partition(":")
        fields = rest.split(":")
        if name in GROUPS and len(fields) == 3:
            yield from filter(None, fields[2].split(","))
            if name != "root":
                yield from (user.name for user in machine.users if str(user.gid) == fields[1])


def _rules(machine: Machine) -> Iterator[tuple[str, str]]:
    """(who, tags) of each line of sudoers(5) that allows every command. Raises `UnreadableError`."""
    root = machine.root
    texts = [root.text("/etc/sudoers")] if root.exists("/etc/sudoers") else []
    for name in root.names_if_any("/etc/sudoers.d"):
        if "." not in name and not name.endswith("~"):
            texts.append(root.text(f"/etc/sudoers.d/{name}"))
    for text in texts:
        for line in text.replace("\\\n", " ").splitlines():
            rule = _RULE.match(line.strip())
            if rule and not line.lstrip().startswith(_NOT_RULES) and "ALL" in re.split(r"[,\s]+", rule["what"]):
                yield rule["who"], rule["tags"]
