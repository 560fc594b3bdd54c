"""Cisco Catalyst 9800 wireless controllers: a downloadable access list, or one on the controller by its name.

    Airespace-ACL-Name = "list on the controller"
    ACS:CiscoSecure-Defined-ACL=#ACSACL#-IP-<name>-<version>

Downloadable lists need release 17.10 and central switching: FlexConnect local switching does not take them. They are
those of `cisco-dacl`, for IPv4: `cisco-9800+ipv4` is for WLANs that block IPv6. Airespace-ACL-Name is what AAA override
on AireOS and 9800 reads (unverified on 9800). A group tag goes along with either.

Budget: 384 lines, as `cisco-dacl`.
"""

from __future__ import annotations

from typing import Final

from nac.enforcement.vendor.cisco_dacl import BUDGET, DOWNLOADED
from nac.enforcement.vendor.dialect import IPV4, Attribute, Dialect, variants, vlan_and_group_tag
from nac.policy.model import Segment


def _acl_name(segment: Segment) -> list[Attribute]:
    return [] if segment.filter_id is None else [Attribute("Airespace-ACL-Name", segment.filter_id)]


DIALECTS: Final = variants(
    Dialect(name="cisco-9800", placed=vlan_and_group_tag, named=_acl_name, budget=BUDGET), DOWNLOADED, (IPV4,)
)
