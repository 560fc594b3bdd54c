"""Arista EOS switches: the VLAN, or NAS-Filter-Rule.

    NAS-Filter-Rule = action "in" protocol "from any to" destination [port]

That recent releases make an access list of NAS-Filter-Rule, and apply the list that Filter-Id names, is general
knowledge without a page of the vendor behind it. So only `arista-eos+ipv4` sends rules: in the words of RFC 4849,
ranges of ports as single ports, for IPv4, on ports that block IPv6. Try it on your release.

The plain `arista-eos` sends the VLAN alone; where Filter-Id is known to work, `vlan-only` sends it.

Budget: the attribute and the packet.
"""

from __future__ import annotations

from typing import Final

from nac.enforcement.vendor.dialect import IPV4, Dialect, Lists, nothing, variants, vlan
from nac.enforcement.vendor.rfc4849 import nas_filter_rule

DIALECTS: Final = variants(
    Dialect(name="arista-eos", placed=vlan, named=nothing),
    Lists(line=nas_filter_rule, ports="single"),
    (IPV4,),
)
