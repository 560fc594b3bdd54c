"""ArubaOS-Switch (ProVision) 16.x: a role, or one rule in each NAS-Filter-Rule.

    HP-User-Role = "role on the switch"
    HP-Nas-Rules-IPv6 = IPv4-And-IPv6
    NAS-Filter-Rule = action "in" protocol "from any to" prefix [port | port "-" port]

One attribute is one rule, without NUL. A list ends in an implicit deny. Rules for IPv6 are dropped unless
HP-Nas-Rules-IPv6 is 1; then `any` would mean both IP versions, so every destination is written as a prefix. The legacy
HP-Nas-Filter-Rule is never sent: beside NAS-Filter-Rule the rules apply in the wrong order, without an error.

Budget: 100 entries for a client.
"""

from __future__ import annotations

from typing import Final

from nac.enforcement.access_list import AccessLine
from nac.enforcement.budget import Budget
from nac.enforcement.vendor.dialect import BOTH, Attribute, Dialect, Lists, role_in, variants, vlan
from nac.enforcement.vendor.rfc4849 import protocol


def _rule(line: AccessLine, number: int) -> Attribute:
    words = [line.action, "in", protocol(line), "from", "any", "to", str(line.destination)]
    if line.ports is not None:
        first, last = line.ports
        words.append(str(first) if first == last else f"{first}-{last}")
    return Attribute("NAS-Filter-Rule", " ".join(words))


DIALECTS: Final = variants(
    Dialect(name="arubaos-switch", placed=vlan, named=role_in("HP-User-Role"), budget=Budget(lines=100)),
    Lists(line=_rule, header=(Attribute("HP-Nas-Rules-IPv6", "IPv4-And-IPv6"),)),
    (BOTH,),
)
