"""Cisco IOS and IOS-XE switches: a per-user access list in `Cisco-AVPair`.

    ip:inacl#N=action protocol any destination [eq port | range port port]
    ipv6:inacl#N=action protocol any destination [eq port | range port port]

N grows from line to line over the whole list. The source must be `any`; the switch puts the device's address there,
which needs IP device tracking. IPv4 destinations have wildcard masks, IPv6 ones prefix lengths. An IPv4 list says
nothing about IPv6, so every list has lines of both families. Filter-Id is not sent: a reply names one access list.
"""

from __future__ import annotations

from ipaddress import IPv4Network

from nac.enforcement.access_list import AccessLine
from nac.enforcement.budget import Budget
from nac.enforcement.vendor.dialect import Attribute, vlan
from nac.policy.model import Network, Segment


class CiscoIosXe:
    """The per-user list; the switch takes about 4000 characters of it for one user (Catalyst 3750-X guide)."""

    name = "cisco-ios-xe"
    budget = Budget(characters=4000, line_characters=247)
    in_line = True

    def segment(self, segment: Segment) -> list[Attribute]:
        return vlan(segment)

    def line(self, line: AccessLine, number: int) -> Attribute:
        ipv4 = line.destination.version == 4
        protocol = "ipv6" if line.protocol == "ip" and not ipv4 else line.protocol
        words = [line.action, protocol, "any", _destination(line.destination)]
        if line.ports is not None:
            first, last = line.ports
            words.append(f"eq {first}" if first == last else f"range {first} {last}")
        family = "ip" if ipv4 else "ipv6"
        return Attribute("Cisco-AVPair", f"{family}:inacl#{number}={' '.join(words)}")


def _destination(network: Network) -> str:
    if network.prefixlen == 0:
        return "any"
    if network.prefixlen == network.max_prefixlen:
        return f"host {network.network_address}"
    if isinstance(network, IPv4Network):
        return f"{network.network_address} {network.hostmask}"
    return str(network)
