"""Ubiquiti UniFi: the VLAN alone; there is no attribute for a list or a role.

RADIUS-assigned VLANs must be switched on for the network. Confine the VLAN on the gateway.
"""

from __future__ import annotations

from typing import Final

from nac.enforcement.vendor.dialect import Dialect, nothing, vlan

DIALECTS: Final = (Dialect(name="unifi", placed=vlan, named=nothing),)
