"""NAS-Filter-Rule by the book: the values of all attributes are one text, NUL parts the rules (RFC 4849 2).

A rule is an IPFilterRule (RFC 6733 4.3.1), of which this reads what RFC 4849 needs. What no rule matches is dropped
when the last rule is a permit, and passes when it is a deny.
"""

from __future__ import annotations

from collections.abc import Sequence

from lab.nas.dialects.received import (
    ALL_IPV4,
    ALL_IPV6,
    DENY_IPV4,
    DENY_IPV6,
    PERMIT_IPV4,
    PERMIT_IPV6,
    Attribute,
    LoginRefusedError,
    network,
    port_range,
    values,
)
from nac.enforcement.header_space import ANY_PORT, Box, FlowRule

_WORDS = {"icmp": 1, "tcp": 6, "udp": 17}


def rules(attributes: Sequence[Attribute]) -> list[FlowRule]:
    """The list. RFC 4849 2: rules that cannot be applied make an Access-Reject of the Access-Accept."""
    text = "".join(values(attributes, "NAS-Filter-Rule"))
    if not text:
        return [PERMIT_IPV4, PERMIT_IPV6]
    listed = [rule for line in text.split("\0") for rule in parse(line)]
    return [*listed, *((DENY_IPV4, DENY_IPV6) if listed[-1].permits else (PERMIT_IPV4, PERMIT_IPV6))]


def parse(line: str) -> list[FlowRule]:
    """One rule; two where it is for both IP versions."""
    words = line.split(" ")
    if len(words) not in (7, 8) or words[1] != "in" or words[3:6] != ["from", "any", "to"]:
        raise LoginRefusedError(f"not a rule: {line!r}")
    action, _, protocol, *_ = words
    if action not in ("permit", "deny"):
        raise LoginRefusedError(f"not an action: {line!r}")
    number = _protocol(protocol)
    if len(words) == 8 and number not in (6, 17):
        raise LoginRefusedError(f"a port needs TCP or UDP: {line!r}")
    ports = port_range(words[7]) if len(words) == 8 else ANY_PORT
    destinations = (ALL_IPV4, ALL_IPV6) if words[6] == "any" else (network(words[6]),)
    return [FlowRule(action == "permit", Box.to(one, number, ports)) for one in destinations]


def _protocol(word: str) -> int | None:
    if word == "ip":
        return None
    if word in _WORDS:
        return _WORDS[word]
    if not word.isdigit() or int(word) > 255:
        raise LoginRefusedError(f"not a protocol: {word!r}")
    return int(word)
