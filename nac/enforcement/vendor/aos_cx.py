"""Aruba AOS-CX switches: a role, or one rule in each Aruba-NAS-Filter-Rule.

    Aruba-User-Role = "role on the switch"
    Aruba-NAS-Filter-Rule = action "in" protocol "from any to" destination [port]

The switch takes NAS-Filter-Rule too; other servers moved to the vendor's attribute because only the first rule of the
standard one was applied. Ranges of ports are not documented and become single ports. A session with a role takes no
rules beside it. Whether rules with IPv6 destinations are applied is not documented: `aos-cx+ipv6` tries, `aos-cx+ipv4`
is for ports that block IPv6.

Budget: 247 characters in an attribute, 100 rules for a client.
"""

from __future__ import annotations

from typing import Final

from nac.enforcement.access_list import AccessLine
from nac.enforcement.budget import Budget
from nac.enforcement.vendor.dialect import BOTH, IPV4, Attribute, Dialect, Lists, nothing, role_in, variants, vlan
from nac.enforcement.vendor.rfc4849 import ip_filter_rule

BUDGET: Final = Budget(lines=100, line_characters=247)


def _rule(line: AccessLine, number: int) -> Attribute:
    return Attribute("Aruba-NAS-Filter-Rule", ip_filter_rule(line))


DIALECTS: Final = variants(
    Dialect(name="aos-cx", placed=vlan, named=role_in("Aruba-User-Role", otherwise=nothing), budget=BUDGET),
    Lists(line=_rule, ports="single"),
    (IPV4, BOTH),
)
