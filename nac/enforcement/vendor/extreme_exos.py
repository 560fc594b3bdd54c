"""Extreme Switch Engine (EXOS): the name of a policy profile, or one rule in each dynamic ACL attribute (VSA 232).

    "v:1 t:a m:" match {"," match} " a:" ("fwd" | "drop")
    match = "ipproto=" word | "ipv4dst=" prefix | "l4dstport=" port "/" mask

`t:a` adds a rule. A mask is at least 1 and at most the width of the field, so that every address is written as its two
halves and a range of ports as ports with masks. There is no match for IPv6: `extreme-exos+ipv4` is for ports that block
it. The matches are the vendor's; the words of the string are those of its own tests, and that rules apply in the order
in which they come is an assumption: try it on your release. Dynamic rules stand above the rules of the user's policy
profile and need VCAP partitioning.

Budget: 64 rules for a user (16 in release 31.4).

Without lists: Filter-Id with the policy profile, which is the segment's role or else its `filter-id`.
"""

from __future__ import annotations

from typing import Final

from nac.enforcement.access_list import AccessLine
from nac.enforcement.budget import Budget
from nac.enforcement.vendor.dialect import IPV4, Attribute, Dialect, Lists, role_in, variants, vlan

_ACTIONS: Final = {"permit": "fwd", "deny": "drop"}


def _rule(line: AccessLine, number: int) -> Attribute:
    matches = [] if line.protocol == "ip" else [f"ipproto={line.protocol}"]
    matches.append(f"ipv4dst={line.destination}")
    if line.ports is not None:
        first, last = line.ports
        matches.append(f"l4dstport={first}/{16 - (last - first).bit_length()}")
    return Attribute("Extreme-EXOS-Dynamic-ACL", f"v:1 t:a m:{','.join(matches)} a:{_ACTIONS[line.action]}")


DIALECTS: Final = variants(
    Dialect(name="extreme-exos", placed=vlan, named=role_in("Filter-Id"), budget=Budget(lines=64, line_characters=247)),
    Lists(line=_rule, ports="masks", whole_destination=False),
    (IPV4,),
)
