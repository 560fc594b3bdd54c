"""FortiSwitch: one rule in each NAS-Filter-Rule; an error in one fails the whole list.

What a failed list leaves open is not documented: the session counts as not let on. What no rule matches is taken to
pass, and IPv6 not to be filtered.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from lab.nas.dialects.received import (
    ALL_IPV4,
    PERMIT_IPV4,
    PERMIT_IPV6,
    Attribute,
    LoginRefusedError,
    network,
    port_range,
    values,
)
from nac.enforcement.header_space import ANY_PORT, Box, FlowRule

_RULE = re.compile(r"(permit|deny) in (ip|\d{1,3}) from any to (any|[\d.]+(?:/\d+)?)(?: (\d+))?")
_LONGEST = 80
_MAX_RULES = 45


def rules(attributes: Sequence[Attribute]) -> list[FlowRule]:
    """The rules in order."""
    texts = values(attributes, "NAS-Filter-Rule")
    if texts and values(attributes, "Filter-Id"):
        raise LoginRefusedError("two kinds of list")
    if len(texts) > _MAX_RULES or len(set(texts)) < len(texts):
        raise LoginRefusedError(f"more than {_MAX_RULES} rules, or one of them twice")
    return [*(_rule(text) for text in texts), PERMIT_IPV4, PERMIT_IPV6]


def _rule(text: str) -> FlowRule:
    parts = _RULE.fullmatch(text)
    if parts is None or len(text) > _LONGEST:
        raise LoginRefusedError(f"not a rule: {text!r}")
    action, protocol, destination, port = parts.groups()
    number = None if protocol == "ip" else int(protocol)
    if port is not None and number not in (6, 17):
        raise LoginRefusedError(f"a port needs TCP or UDP: {text!r}")
    where = ALL_IPV4 if destination == "any" else network(destination)
    return FlowRule(action == "permit", Box.to(where, number, ANY_PORT if port is None else port_range(port)))
