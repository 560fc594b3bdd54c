"""Switches that take no access list from the server: the VLAN, and the name of a list that is on the switch already.

The grants of a session are not sent. What the segment may reach is what the network lets its VLAN reach, or what the
list named by `filter-id` says; `nac policy check` warns of segments that have neither.
"""

from __future__ import annotations

from typing import Final

from nac.enforcement.vendor.dialect import Dialect, filter_id, vlan

DIALECTS: Final = (Dialect(name="vlan-only", placed=vlan, named=filter_id),)
