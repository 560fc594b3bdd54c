"""HPE Aruba switches.

AOS-CX: a session that was given attributes takes changed attributes, one that was given a role another role; mixing is
answered with a NAK. A VLAN in a CoA-Request is `unverified`, so another segment comes by a new login.
"""

from __future__ import annotations

from typing import Final

from nac.coa.recipe import IN_PLACE_LIST, Recipe, Verb
from nac.enforcement.vendor import Attribute

_DOWN_S: Final = "12"
"""Seconds: long enough for a device to notice and to ask for another address."""

AOS_CX: Final = Recipe(
    names=(("Calling-Station-Id",),),
    also=("User-Name", "NAS-Port"),
    commands={Verb.BOUNCE: (Attribute("Aruba-Port-Bounce-Host", _DOWN_S),)},
    in_place=IN_PLACE_LIST,
)

AOS_SWITCH: Final = Recipe(
    names=(("Calling-Station-Id",),),
    also=("User-Name", "NAS-Port-Id"),
    disconnect_names=(("Acct-Session-Id", "Calling-Station-Id"), ("Calling-Station-Id",)),
    commands={Verb.BOUNCE: (Attribute("HP-Port-Bounce-Host", _DOWN_S),)},
)
