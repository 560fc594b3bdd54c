"""Cisco IOS-XE switches with downloadable access lists (dACL).

    Access-Accept    ACS:CiscoSecure-Defined-ACL=#ACSACL#-IP-<name>-<version>
    Access-Request   User-Name = that name, aaa:service=ip_admission, aaa:event=acl-download
    Access-Accept    ip:inacl#N=action protocol any destination [eq port | range port port]

The Access-Accept of the login carries a name alone, the switch fetches the lines of a list that it does not have, in
pages by Access-Challenge and State (`nac.enforcement.download`). The grammar of a line, and what a list says of IPv6,
is that of `cisco-ios-xe`. There is no plain `cisco-dacl`: without lists it is `cisco-ios-xe`.

Budget: no characters; 384 lines for one list (the limit that other servers keep to).
"""

from __future__ import annotations

from typing import Final

from nac.enforcement.budget import Budget
from nac.enforcement.vendor.cisco_ios_xe import AV_PAIR_CHARACTERS, inacl
from nac.enforcement.vendor.dialect import BOTH, IPV4, Dialect, Lists, filter_id, variants, vlan_and_group_tag

MAX_LINES: Final = 384

DOWNLOADED: Final = Lists(line=inacl, downloaded=True)

BUDGET: Final = Budget(lines=MAX_LINES, line_characters=AV_PAIR_CHARACTERS)

_PLAIN: Final = Dialect(name="cisco-dacl", placed=vlan_and_group_tag, named=filter_id, budget=BUDGET)

DIALECTS: Final = variants(_PLAIN, DOWNLOADED, (IPV4, BOTH))[1:]
