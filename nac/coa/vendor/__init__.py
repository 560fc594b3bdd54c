"""One small file for each family of switches; `recipe_of` finds the recipe of a client's dialect.

What comes from a vendor's page or from widely used code is marked as such in the files; what is not is marked
`unverified`: the first NAK teaches, and `nac client set NAME --coa-verbs` leaves it out beforehand.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from nac.coa.recipe import Recipe
from nac.coa.vendor import arista, aruba, cisco, extreme, fortinet, hostapd, juniper, plain, ruckus
from nac.enforcement.vendor import make_of

RECIPES: Final[Mapping[str, Recipe]] = {
    "rfc4849": plain.STANDARD,
    "vlan-only": plain.DISCONNECT_ONLY,
    "unifi": plain.DISCONNECT_ONLY,
    "mikrotik": plain.DISCONNECT_ONLY,
    "cisco-ios-xe": cisco.IOS_XE,
    "cisco-dacl": cisco.IOS_XE,
    "cisco-9800": cisco.WIRELESS,
    "meraki": cisco.WIRELESS,
    "dell-n": cisco.DELL_N,
    "aos-cx": aruba.AOS_CX,
    "arubaos-switch": aruba.AOS_SWITCH,
    "juniper-ex": juniper.EX,
    "arista-eos": arista.EOS,
    "extreme-exos": extreme.EXOS,
    "fortiswitch": fortinet.FORTISWITCH,
    "ruckus-icx": ruckus.ICX,
    "hostapd": hostapd.HOSTAPD,
}
"""By make (`nac.enforcement.vendor.MAKES`)."""


def recipe_of(dialect: str) -> Recipe:
    """The recipe for a client's dialect; a list's suffix does not matter."""
    return RECIPES[make_of(dialect)]
