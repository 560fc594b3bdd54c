"""Ruckus ICX (FastIron): Calling-Station-Id and NAS-IP-Address only, any other attribute may be answered with a NAK; so
Event-Timestamp is left out too. Filter-Id in a CoA-Request replaces the access list. The values of the FlexAuth
commands are `unverified`."""

from __future__ import annotations

from typing import Final

from nac.coa.recipe import IN_PLACE_LIST, Recipe, Verb
from nac.enforcement.vendor import Attribute

ICX: Final = Recipe(
    names=(("Calling-Station-Id",),),
    nas=("NAS-IP-Address",),
    commands={
        Verb.REAUTHENTICATE: (Attribute("Ruckus-FlexAuth-AVP", "reauth-host"),),
        Verb.BOUNCE: (Attribute("Ruckus-FlexAuth-AVP", "flip-port"),),
    },
    in_place=IN_PLACE_LIST,
    timestamp=False,
)
