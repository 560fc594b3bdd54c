"""Cisco IOS and IOS-XE switches: a per-user access list in `Cisco-AVPair`.

    ip:inacl#N=action protocol any destination [eq port | range port port]
    ipv6:inacl#N=action protocol any destination [eq port | range port port]

N grows from line to line over the whole list. The source must be `any`; the switch puts the device's address there,
which needs IP device tracking. IPv4 destinations have wildcard masks, IPv6 ones prefix lengths. A list for IPv4 says
nothing about IPv6, which stays open: `cisco-ios-xe+ipv4` is for ports that block IPv6, `cisco-ios-xe+ipv6` for releases
that take `ipv6:inacl` (documented by switches that share this syntax, not by Cisco: try it on your release).

Budget: about 4000 characters for one user (Catalyst 3750-X guide).

Without lists: Filter-Id with a list on the switch, `NAME.in`; without `.in` the switch takes it for outbound. A group
tag goes along with either, as `cts:security-group-tag=HHHH-00`.
"""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import Final

from nac.enforcement.access_list import AccessLine
from nac.enforcement.budget import Budget
from nac.enforcement.vendor.dialect import (
    BOTH,
    IPV4,
    Attribute,
    Dialect,
    Lists,
    filter_id,
    variants,
    vlan_and_group_tag,
)
from nac.policy.model import Network

AV_PAIR_CHARACTERS: Final = 247
"""Of a value: 253 octets of a Vendor-Specific attribute less vendor, type and length (RFC 2865 5.26)."""


def inacl(line: AccessLine, number: int) -> Attribute:
    """One numbered entry."""
    family = "ip" if line.destination.version == 4 else "ipv6"
    return Attribute("Cisco-AVPair", f"{family}:inacl#{number}={entry(line)}")


def entry(line: AccessLine) -> str:
    """The text of an entry of an extended access list."""
    ipv6 = line.destination.version == 6
    protocol = "ipv6" if line.protocol == "ip" and ipv6 else line.protocol
    words = [line.action, protocol, "any", _destination(line.destination)]
    if line.ports is not None:
        first, last = line.ports
        words.append(f"eq {first}" if first == last else f"range {first} {last}")
    return " ".join(words)


def _destination(network: Network) -> str:
    if network.prefixlen == 0:
        return "any"
    if network.prefixlen == network.max_prefixlen:
        return f"host {network.network_address}"
    if isinstance(network, IPv4Network):
        return f"{network.network_address} {network.hostmask}"
    return str(network)


DIALECTS: Final = variants(
    Dialect(
        name="cisco-ios-xe",
        placed=vlan_and_group_tag,
        named=filter_id,
        budget=Budget(characters=4000, line_characters=AV_PAIR_CHARACTERS),
    ),
    Lists(line=inacl),
    (IPV4, BOTH),
)
