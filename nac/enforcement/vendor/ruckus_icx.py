"""Ruckus ICX switches (FastIron): Filter-Id, with the number of a list on the switch or with the entries themselves.

    action protocol any (address wildcard | ipv6-prefix) [eq port | range port port]

The security guide says that Filter-Id can hold the syntax of an IPv4 or IPv6 list. That each attribute is one entry,
and the words of an entry, are taken from the command line of the switch: try it on your release before you choose
`ruckus-icx+ipv4` (ports that block IPv6) or `ruckus-icx+ipv6`. Destinations are always written out, so that each
entry shows its IP version.

Budget: the attribute and the packet.
"""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import Final

from nac.enforcement.access_list import AccessLine
from nac.enforcement.vendor.dialect import BOTH, IPV4, Attribute, Dialect, Lists, filter_id, variants, vlan


def _entry(line: AccessLine, number: int) -> Attribute:
    network = line.destination
    ipv4 = isinstance(network, IPv4Network)
    protocol = "ipv6" if line.protocol == "ip" and not ipv4 else line.protocol
    destination = f"{network.network_address} {network.hostmask}" if ipv4 else str(network)
    words = [line.action, protocol, "any", destination]
    if line.ports is not None:
        first, last = line.ports
        words.append(f"eq {first}" if first == last else f"range {first} {last}")
    return Attribute("Filter-Id", " ".join(words))


DIALECTS: Final = variants(Dialect(name="ruckus-icx", placed=vlan, named=filter_id), Lists(line=_entry), (IPV4, BOTH))
