"""Cisco Meraki MR and MS: a group policy by its name; on some MS switches a per-user list.

    Filter-Id = "group policy"
    ip:inacl#N=action protocol any destination [eq port | range port port]

Which attribute names a group policy is chosen in the dashboard; choose Filter-Id. A group tag goes along as with Cisco.
That some MS releases take `ip:inacl` is general knowledge without a page of the vendor behind it: `meraki+ipv4` sends
it, for ports that block IPv6. MR has no lists.

Budget: as `cisco-ios-xe`, about 4000 characters (unverified).
"""

from __future__ import annotations

from typing import Final

from nac.enforcement.budget import Budget
from nac.enforcement.vendor.cisco_ios_xe import AV_PAIR_CHARACTERS, inacl
from nac.enforcement.vendor.dialect import IPV4, Dialect, Lists, role_in, variants, vlan_and_group_tag

DIALECTS: Final = variants(
    Dialect(
        name="meraki",
        placed=vlan_and_group_tag,
        named=role_in("Filter-Id"),
        budget=Budget(characters=4000, line_characters=AV_PAIR_CHARACTERS),
    ),
    Lists(line=inacl),
    (IPV4,),
)
