"""NAS-Filter-Rule (RFC 4849): one IPFilterRule (RFC 6733 4.3.1) in each attribute.

    action "in" protocol "from any to" destination [port | port "-" port]

The RFC joins the values of all attributes and finds the rules between NULs; many switches take each attribute for one
rule. So each attribute holds one rule, and ends in the NUL that parts it from the next: both read the same list.
Without the NUL, what keeps to the RFC sees one endless rule (FreeRADIUS drops such a reply, some switches apply the
first rule alone). Filter-Id is not sent: a reply names one access list, never two.
"""

from __future__ import annotations

from typing import Final

from nac.enforcement.access_list import AFTER, AccessLine
from nac.enforcement.budget import Budget
from nac.enforcement.vendor.dialect import Attribute, vlan
from nac.policy.model import Segment

SEPARATOR: Final = "\0"
"""Between rules, and so behind every rule but the last, which closes every list."""


class Rfc4849:
    """The standard's own dialect. Its only limits are the attribute and the packet."""

    name = "rfc4849"
    budget = Budget()
    in_line = True

    def segment(self, segment: Segment) -> list[Attribute]:
        return vlan(segment)

    def line(self, line: AccessLine, number: int) -> Attribute:
        words = [line.action, "in", _protocol(line), "from", "any", "to", _destination(line)]
        if line.ports is not None:
            first, last = line.ports
            words.append(str(first) if first == last else f"{first}-{last}")
        end = "" if line == AFTER[-1] else SEPARATOR
        return Attribute("NAS-Filter-Rule", " ".join(words), end)


def _protocol(line: AccessLine) -> str:
    """ICMP for IPv6 is protocol 58; an IPFilterRule has no word for it."""
    return "58" if line.protocol == "icmp" and line.destination.version == 6 else line.protocol


def _destination(line: AccessLine) -> str:
    network = line.destination
    return str(network.network_address) if network.prefixlen == network.max_prefixlen else str(network)
