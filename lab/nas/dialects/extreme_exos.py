"""Extreme Switch Engine: one rule in each attribute 232; what no rule matches is left to the policy profile.

The profile is taken to permit. Matches hold together; a mask has at least one bit.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from lab.nas.dialects.received import (
    ALL_IPV4,
    PERMIT_IPV4,
    PERMIT_IPV6,
    Attribute,
    LoginRefusedError,
    network,
    values,
)
from nac.enforcement.header_space import ANY_PORT, Box, FlowRule, Interval

_RULE = re.compile(r"v:1 t:a m:(\S+) a:(fwd|drop)")
_MAX_RULES = 64
_WORDS: Final = {"icmp": 1, "tcp": 6, "udp": 17}


def rules(attributes: Sequence[Attribute]) -> list[FlowRule]:
    """The rules in order; with too many or unknown ones none is applied, and the session is not let on."""
    texts = values(attributes, "Extreme-EXOS-Dynamic-ACL")
    if len(texts) > _MAX_RULES:
        raise LoginRefusedError(f"{len(texts)} rules are more than {_MAX_RULES}")
    return [*(_rule(text) for text in texts), PERMIT_IPV4, PERMIT_IPV6]


def _rule(text: str) -> FlowRule:
    parts = _RULE.fullmatch(text)
    if parts is None:
        raise LoginRefusedError(f"not a rule: {text!r}")
    matches = dict(match.split("=", 1) for match in parts[1].split(",") if "=" in match)
    if matches.keys() - {"ipproto", "ipv4dst", "l4dstport"} or len(matches) != parts[1].count(",") + 1:
        raise LoginRefusedError(f"not a match: {text!r}")
    if "l4dstport" in matches and matches.get("ipproto") not in ("tcp", "udp"):
        raise LoginRefusedError(f"a port needs a protocol: {text!r}")
    destination = network(matches["ipv4dst"]) if "ipv4dst" in matches else ALL_IPV4
    if "ipv4dst" in matches and destination.prefixlen == 0:
        raise LoginRefusedError(f"a mask has at least one bit: {text!r}")
    protocol = _WORDS[matches["ipproto"]] if "ipproto" in matches else None
    ports = _masked(matches["l4dstport"]) if "l4dstport" in matches else ANY_PORT
    return FlowRule(parts[2] == "fwd", Box.to(destination, protocol, ports))


def _masked(text: str) -> Interval:
    port, mask = (int(part) for part in text.split("/"))
    size = 1 << (16 - mask)
    if not 1 <= mask <= 16 or port % size:
        raise LoginRefusedError(f"not a port with its mask: {text!r}")
    return port, port + size - 1
