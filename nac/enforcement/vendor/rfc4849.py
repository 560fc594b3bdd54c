"""NAS-Filter-Rule (RFC 4849): one IPFilterRule (RFC 6733 4.3.1) in each attribute.

    action "in" protocol "from any to" destination [port | port "-" port]

The RFC joins the values of all attributes and finds the rules between NULs; many switches take each attribute for one
rule. So each attribute holds one rule, and ends in the NUL that parts it from the next: both read the same list.
Without the NUL, what keeps to the RFC sees one endless rule (FreeRADIUS drops such a reply, some switches apply the
first rule alone). Filter-Id is not sent: a reply names one access list, never two.

The dialect `rfc4849` is the standard's own and has lists without a suffix. Its only limits are the attribute and the
packet.
"""

from __future__ import annotations

from typing import Final

from nac.enforcement.access_list import AccessLine
from nac.enforcement.vendor.dialect import Attribute, Dialect, Lists, filter_id, vlan

SEPARATOR: Final = "\0"
"""Between rules."""


def nas_filter_rule(line: AccessLine, number: int) -> Attribute:
    """One IPFilterRule."""
    return Attribute("NAS-Filter-Rule", ip_filter_rule(line), SEPARATOR)


def ip_filter_rule(line: AccessLine) -> str:
    """The text of one rule."""
    words = [line.action, "in", protocol(line), "from", "any", "to", destination(line)]
    if line.ports is not None:
        first, last = line.ports
        words.append(str(first) if first == last else f"{first}-{last}")
    return " ".join(words)


def protocol(line: AccessLine) -> str:
    """ICMP for IPv6 is protocol 58; an IPFilterRule has no word for it."""
    return "58" if line.protocol == "icmp" and line.destination.version == 6 else line.protocol


def destination(line: AccessLine) -> str:
    """An address, or a prefix."""
    network = line.destination
    return str(network.network_address) if network.prefixlen == network.max_prefixlen else str(network)


LISTS: Final = Lists(line=nas_filter_rule)

DIALECTS: Final = (Dialect(name="rfc4849", placed=vlan, named=filter_id, lists=LISTS),)
