"""Juniper EX and QFX switches: one term in each Juniper-Switching-Filter.

    Match condition {", " condition} Action allow|deny
    condition = "Ip-protocol" N | "Destination-ip" prefix | "Destination-port" N

The conditions of a term hold together. There are no ranges of ports, no IPv6, no source address. A term for every
destination has no Destination-ip, except the term for everything: a term needs a condition, that one 0.0.0.0/0. A
filter that the switch refuses costs the whole Access-Accept: the login fails. IPv6 is not covered: `juniper-ex+ipv4`
is for ports that block it. Several terms need Junos 15.1X53-D55 or later outside ELS.

Budget: 247 characters in a term, 20 conditions in a filter.

Without lists: Filter-Id with a firewall filter on the switch.
"""

from __future__ import annotations

from typing import Final

from nac.enforcement.access_list import AccessLine
from nac.enforcement.budget import Budget
from nac.enforcement.vendor.dialect import IPV4, Attribute, Dialect, Lists, filter_id, variants, vlan
from nac.enforcement.vendor.rfc4849 import destination

_PROTOCOLS: Final = {"icmp": "1", "tcp": "6", "udp": "17"}
_ACTIONS: Final = {"permit": "allow", "deny": "deny"}


def _term(line: AccessLine, number: int) -> Attribute:
    return Attribute("Juniper-Switching-Filter", f"Match {', '.join(_conditions(line))} Action {_ACTIONS[line.action]}")


def _conditions(line: AccessLine) -> list[str]:
    protocol = [] if line.protocol == "ip" else [f"Ip-protocol {_PROTOCOLS[line.protocol]}"]
    anywhere = line.destination.prefixlen == 0 and protocol
    address = [] if anywhere else [f"Destination-ip {destination(line)}"]
    port = [] if line.ports is None else [f"Destination-port {line.ports[0]}"]
    return [*protocol, *address, *port]


DIALECTS: Final = variants(
    Dialect(
        name="juniper-ex",
        placed=vlan,
        named=filter_id,
        budget=Budget(lines=20, line_characters=247, counted="conditions"),
    ),
    Lists(line=_term, ports="single", weight=lambda line: len(_conditions(line))),
    (IPV4,),
)
