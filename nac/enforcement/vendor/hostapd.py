"""hostapd on Linux: the VLAN; with an agent beside it that makes nftables rules, NAS-Filter-Rule.

hostapd applies neither Filter-Id nor NAS-Filter-Rule. `hostapd+ipv6` is for access points on which an agent reads the
rules of RFC 4849, both IP versions, and enforces them; without it every session would be open, so the plain `hostapd`
sends none.

Budget: the attribute and the packet.
"""

from __future__ import annotations

from typing import Final

from nac.enforcement.vendor.dialect import BOTH, Dialect, nothing, variants, vlan
from nac.enforcement.vendor.rfc4849 import LISTS

DIALECTS: Final = variants(Dialect(name="hostapd", placed=vlan, named=nothing), LISTS, (BOTH,))
