"""firewall: what comes in from the network is refused unless a rule lets it in, for IPv4 and for IPv6."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from nac.agent.commands import CommandError
from nac.agent.finding import Finding, failed, passed, unknown
from nac.agent.machine import Machine
from nac.agent.root import MissingError, Root

FAMILIES: Final = {"inet": ("IPv4", "IPv6"), "ip": ("IPv4",), "ip6": ("IPv6",)}
REFUSING: Final = frozenset({"drop", "reject"})
PASSING: Final = frozenset({"counter", "log", "comment"})
"""Statements of a rule that leave every packet as it is (nft(8)): without a match the rule is for all of them."""

DEEPEST: Final = 16
"""Jumps within jumps, as the kernel has it (NFT_JUMP_STACK_SIZE); beyond them a packet counts as let in."""

Chain = tuple[str, str, str]
"""Family, table, name."""

Rules = dict[Chain, list[Sequence[Mapping[str, Any]]]]
"""The statements of each rule of a chain, in order."""

_FIX: Final = "switch on nftables, firewalld or ufw with incoming traffic denied by default"


def run(machine: Machine) -> Finding:
    try:
        ruleset = json.loads(machine.commands.run("nft", "-j", "list", "ruleset"))["nftables"]
    except CommandError as error:
        return _by_settings(machine.root, str(error))
    if not any("chain" in item for item in ruleset) and _legacy_tables(machine.root):
        return _by_settings(machine.root, "the rules are in tables of the older iptables, which nft does not show")
    denied = _denied(ruleset)
    needed = {"IPv4", *(("IPv6",) if _speaks_ipv6(machine.root) else ())}
    if needed <= denied:
        return passed("nftables", f"incoming {' and '.join(sorted(needed))} is denied by default")
    return failed("nftables", f"incoming {' and '.join(sorted(needed - denied))} is not denied by default: {_FIX}")


def _denied(ruleset: Sequence[Mapping[str, Any]]) -> set[str]:
    """The protocols of which a chain at the hook `input` refuses what no rule of it lets in.

    A packet must pass every such chain, so one that denies is enough.
    """
    rules: Rules = {}
    for item in ruleset:
        if rule := item.get("rule"):
            rules.setdefault((rule["family"], rule["table"], rule["chain"]), []).append(rule["expr"])
    denied: set[str] = set()
    for item in ruleset:
        chain = item.get("chain", {})
        if chain.get("hook") != "input" or chain["family"] not in FAMILIES:
            continue
        ends = _ends(rules, (chain["family"], chain["table"], chain["name"]), DEEPEST)
        if (ends or chain.get("policy", "accept")) in REFUSING:
            denied.update(FAMILIES[chain["family"]])
    return denied


def _ends(rules: Rules, chain: Chain, jumps: int) -> str:
    """The verdict of the first rule for all packets, jumps followed; empty when every rule has a match."""
    if jumps == 0:
        return "accept"
    for statements in rules.get(chain, ()):
        said = (item for one in statements for item in one.items() if item[0] not in PASSING)
        word, content = next(said, ("", None))
        if word in REFUSING or word == "accept":
            return word
        if word == "return":
            return ""
        if word in ("jump", "goto") and content:
            ends = _ends(rules, (chain[0], chain[1], content["target"]), jumps - 1)
            if ends or word == "goto":
                return ends
    return ""


def _by_settings(root: Root, why: str) -> Finding:
    """ufw's settings, and whether the kernel has a table of the older iptables at all."""
    try:
        enabled = re.search(r"^ENABLED=[\"']?yes", root.text("/etc/ufw/ufw.conf"), re.MULTILINE | re.IGNORECASE)
    except MissingError:
        return unknown(why)
    if not enabled:
        return failed("ufw", "ufw is switched off: `ufw enable`")
    default = re.search(r"^DEFAULT_INPUT_POLICY=[\"']?(\w+)", root.text("/etc/default/ufw"), re.MULTILINE)
    if default is None or default[1] not in ("DROP", "REJECT"):
        return failed("ufw", "ufw lets in by default: `ufw default deny incoming`")
    if not _legacy_tables(root):
        return unknown(f"ufw is switched on, but no rules can be seen: {why}")
    return passed("ufw", "incoming traffic is denied by default")


def _legacy_tables(root: Root) -> bool:
    try:
        return "filter" in root.text("/proc/net/ip_tables_names").split()
    except MissingError:
        return False


def _speaks_ipv6(root: Root) -> bool:
    """Whether an interface other than loopback has an IPv6 address."""
    try:
        return any(line.split()[-1] != "lo" for line in root.text("/proc/net/if_inet6").splitlines())
    except MissingError:
        return False
