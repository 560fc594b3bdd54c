"""Switches that take no access list from the server: the VLAN, and the name of a list that is on the switch already.

The grants of a session are not sent. What the segment may reach is what the network lets its VLAN reach, or what the
list named by `filter-id` says; `nac policy check` warns of segments that have neither.
"""

from __future__ import annotations

from nac.enforcement.access_list import AccessLine
from nac.enforcement.budget import Budget
from nac.enforcement.vendor.dialect import Attribute, vlan
from nac.policy.model import Segment


class VlanOnly:
    """VLAN and Filter-Id (RFC 2865 5.11)."""

    name = "vlan-only"
    budget = Budget()
    in_line = False

    def segment(self, segment: Segment) -> list[Attribute]:
        named = [Attribute("Filter-Id", segment.filter_id)] if segment.filter_id is not None else []
        return vlan(segment) + named

    def line(self, line: AccessLine, number: int) -> Attribute:
        raise ValueError("this dialect has no lines")
