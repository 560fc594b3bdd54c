"""Ruckus ICX: entries of a list in Filter-Id; a Filter-Id that the switch does not understand refuses the session.

Each IP version that is named has a list of its own, with an implicit deny at its end; the other one is not filtered.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from ipaddress import IPv4Address

from lab.nas.dialects.on_switch import OnSwitch
from lab.nas.dialects.received import (
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

_IPV4 = re.compile(r"(permit|deny) (ip|icmp|tcp|udp) any ([\d.]+) ([\d.]+)(?: (?:eq (\d+)|range (\d+) (\d+)))?")
_IPV6 = re.compile(r"(permit|deny) (ipv6|icmp|tcp|udp) any ([0-9a-f:.]+/\d+)(?: (?:eq (\d+)|range (\d+) (\d+)))?")


def rules(attributes: Sequence[Attribute], lists: OnSwitch) -> list[FlowRule]:
    """The lists of both IP versions, or the one on the switch."""
    texts = values(attributes, "Filter-Id")
    if len(texts) == 1 and texts[0] in lists:
        return list(lists[texts[0]])
    entries = [_entry(text) for text in texts]
    ipv4 = [entry for entry in entries if entry.box.version == 4]
    ipv6 = [entry for entry in entries if entry.box.version == 6]
    return [*ipv4, DENY_IPV4 if ipv4 else PERMIT_IPV4, *ipv6, DENY_IPV6 if ipv6 else PERMIT_IPV6]


def _entry(text: str) -> FlowRule:
    if parts := _IPV4.fullmatch(text):
        action, protocol, address, wildcard, *ports = parts.groups()
        destination, icmp = f"{address}/{_prefix_length(wildcard)}", 1
    elif parts := _IPV6.fullmatch(text):
        action, protocol, destination, *ports = parts.groups()
        icmp = 58
    else:
        raise LoginRefusedError(f"no list of that name, and not an entry: {text!r}")
    number = {"ip": None, "ipv6": None, "icmp": icmp, "tcp": 6, "udp": 17}[protocol]
    given = [port for port in ports if port is not None]
    if given and number not in (6, 17):
        raise LoginRefusedError(f"a port needs TCP or UDP: {text!r}")
    return FlowRule(
        action == "permit", Box.to(network(destination), number, port_range("-".join(given)) if given else ANY_PORT)
    )


def _prefix_length(wildcard: str) -> int:
    try:
        bits = int(IPv4Address(wildcard))
    except ValueError as error:
        raise LoginRefusedError(str(error)) from error
    if bits & (bits + 1):
        raise LoginRefusedError(f"a wildcard mask with gaps is not read here: {wildcard}")
    return 32 - bits.bit_length()
