"""Juniper EX: one term in each Juniper-Switching-Filter; a filter that the switch refuses costs the Access-Accept.

What no term matches is taken to pass, and IPv6 to match no term: nothing is documented, and this is the worse case.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from lab.nas.dialects.received import (
    ALL_IPV4,
    ALL_IPV6,
    PERMIT_IPV4,
    PERMIT_IPV6,
    Attribute,
    LoginRefusedError,
    network,
    port_range,
    values,
)
from nac.enforcement.header_space import ANY_PORT, Box, FlowRule

_TERM = re.compile(r"Match (.+) Action (allow|deny)")
_LONGEST = 247
_MAX_CONDITIONS = 20


def rules(attributes: Sequence[Attribute]) -> list[FlowRule]:
    """The terms in order."""
    texts = values(attributes, "Juniper-Switching-Filter")
    terms = [_conditions(text) for text in texts]
    if sum(len(conditions) for conditions, _ in terms) > _MAX_CONDITIONS:
        raise LoginRefusedError(f"more than {_MAX_CONDITIONS} conditions")
    listed = [rule for conditions, permits in terms for rule in _rules(conditions, permits)]
    return [*listed, PERMIT_IPV4, PERMIT_IPV6]


def _conditions(text: str) -> tuple[dict[str, str], bool]:
    match = _TERM.fullmatch(text)
    if match is None or len(text) > _LONGEST:
        raise LoginRefusedError(f"not a term: {text!r}")
    pairs = [condition.partition(" ") for condition in match[1].split(", ")]
    conditions = {kind: value for kind, _, value in pairs}
    if len(conditions) < len(pairs):
        raise LoginRefusedError(f"a condition may not stand twice: {text!r}")
    return conditions, match[2] == "allow"


def _rules(conditions: dict[str, str], permits: bool) -> list[FlowRule]:
    """One term; for both IP versions where it names no destination."""
    unknown = conditions.keys() - {"Ip-protocol", "Destination-ip", "Destination-port"}
    if unknown:
        raise LoginRefusedError(f"not a condition: {', '.join(sorted(unknown))}")
    named = [network(conditions["Destination-ip"])] if "Destination-ip" in conditions else []
    if any(one.version != 4 for one in named) or "-" in conditions.get("Destination-port", ""):
        raise LoginRefusedError(f"no IPv6 and no ranges: {conditions}")
    protocol = conditions.get("Ip-protocol")
    if protocol is not None and not protocol.isdigit():
        raise LoginRefusedError(f"not a protocol: {protocol!r}")
    port = conditions.get("Destination-port")
    ports = ANY_PORT if port is None else port_range(port)
    number = None if protocol is None else int(protocol)
    return [FlowRule(permits, Box.to(one, number, ports)) for one in named or (ALL_IPV4, ALL_IPV6)]
