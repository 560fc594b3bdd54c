"""A host's own firewall: rules of nftables in its namespace, as the posture agent's check looks for them."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from lab.campus import namespace

RULES: Final = """\
flush ruleset
table inet host {
  chain input {
    type filter hook input priority filter; policy drop;
    iifname "lo" accept
    ct state established,related accept
  }
}
"""
"""Nobody from the network begins a conversation with the host."""

_NFT: Final = "/usr/sbin/nft"


def write(file: Path) -> None:
    """The rules as a file that switches them on where it is run."""
    file.write_text(f"#!{_NFT} -f\n{RULES}")
    file.chmod(0o755)


def switch_on(place: str) -> None:
    """Deny what comes in, in the namespace `place`."""
    namespace.command("ip", "netns", "exec", place, "nft", "-f", "-", text=RULES)


def switch_off(place: str) -> None:
    """Let in whatever comes."""
    namespace.command("ip", "netns", "exec", place, "nft", "flush", "ruleset")
