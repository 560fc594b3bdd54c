"""Fortinet FortiSwitch: the name of a list, or one rule in each NAS-Filter-Rule.

    action "in" ("ip" | protocol number) "from any to" ("any" | prefix) [port]

One attribute is one rule, without NUL; an error in one rule fails the whole list, and two equal rules may do so. Off by
default: `set dacl enable`. Ranges of ports are not documented and become single ports. IPv4 alone: `fortiswitch+ipv4`
is for ports that block IPv6.

Budget: 80 characters in a rule; 45 rules for a session and for a port, rules configured on the port included.

Without lists: Filter-Id with an 802-1X list on the switch, which is the segment's role or else its `filter-id`; a name
that the switch does not have fails.
"""

from __future__ import annotations

from typing import Final

from nac.enforcement.access_list import AccessLine
from nac.enforcement.budget import Budget
from nac.enforcement.vendor.dialect import IPV4, Attribute, Dialect, Lists, role_in, variants, vlan

_PROTOCOLS: Final = {"ip": "ip", "icmp": "1", "tcp": "6", "udp": "17"}


def _rule(line: AccessLine, number: int) -> Attribute:
    destination = "any" if line.destination.prefixlen == 0 else str(line.destination)
    words = [line.action, "in", _PROTOCOLS[line.protocol], "from", "any", "to", destination]
    if line.ports is not None:
        words.append(str(line.ports[0]))
    return Attribute("NAS-Filter-Rule", " ".join(words))


DIALECTS: Final = variants(
    Dialect(name="fortiswitch", placed=vlan, named=role_in("Filter-Id"), budget=Budget(lines=45, line_characters=80)),
    Lists(line=_rule, ports="single", distinct=True),
    (IPV4,),
)
