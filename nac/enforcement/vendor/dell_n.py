"""Dell N-series switches: Filter-Id, or a dynamic list in `Cisco-AVPair`.

    ip:inacl#N=action protocol any destination [eq port | range port port]
    ipv6:inacl#N=action protocol any destination [eq port | range port port]

The grammar of `cisco-ios-xe`, both IP versions documented, inbound only. Without `radius server vsa send
authentication` the switch ignores the list as if it were not there: every port would be open, so the plain `dell-n`
sends none. A reply with Filter-Id and a list, an entry with an error, or a list for which the switch has no room
makes an Access-Reject of the Access-Accept.

Budget: the attribute and the packet; a list must fit one Access-Accept.
"""

from __future__ import annotations

from typing import Final

from nac.enforcement.budget import Budget
from nac.enforcement.vendor.cisco_ios_xe import AV_PAIR_CHARACTERS, inacl
from nac.enforcement.vendor.dialect import BOTH, Dialect, Lists, filter_id, variants, vlan

DIALECTS: Final = variants(
    Dialect(name="dell-n", placed=vlan, named=filter_id, budget=Budget(line_characters=AV_PAIR_CHARACTERS)),
    Lists(line=inacl),
    (BOTH,),
)
