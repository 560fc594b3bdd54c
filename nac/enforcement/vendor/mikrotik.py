"""MikroTik RouterOS: the VLAN alone.

Mikrotik-Switching-Filter holds a whole list in one attribute, at most 247 characters, and a reply is put together
attribute by attribute. It also knows no IPv6, and releases after 7.15 are reported not to authenticate a client that is
sent one. So it is not sent: confine the VLAN on the router.
"""

from __future__ import annotations

from typing import Final

from nac.enforcement.vendor.dialect import Dialect, nothing, vlan

DIALECTS: Final = (Dialect(name="mikrotik", placed=vlan, named=nothing),)
