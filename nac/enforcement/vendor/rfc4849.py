"""NAS-Filter-Rule (RFC 4849): one IPFilterRule (RFC 6733 4.3.1) in each attribute.

    action "in" protocol "from any to" destination [port | port "-" port]

The RFC lets one rule span attributes and separates rules by NUL; the switches that take the attribute want one rule in
each, which the RFC allows too. Filter-Id is not sent: a reply names one access list, never two.
"""

from __future__ import annotations

from nac.enforcement.access_list import AccessLine
from nac.enforcement.budget import Budget
from nac.enforcement.vendor.dialect import Attribute, vlan
from nac.policy.model import Segment


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
        return Attribute("NAS-Filter-Rule", " ".join(words))


def _protocol(line: AccessLine) -> str:
    """ICMP for IPv6 is protocol 58; an IPFilterRule has no word for it."""
    return "58" if line.protocol == "icmp" and line.destination.version == 6 else line.protocol


def _destination(line: AccessLine) -> str:
    network = line.destination
    return str(network.network_address) if network.prefixlen == network.max_prefixlen else str(network)
