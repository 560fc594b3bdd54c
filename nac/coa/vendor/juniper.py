"""Juniper EX and QFX: Disconnect lets the port authenticate anew. Filters in a CoA-Request are `unverified`."""

from __future__ import annotations

from typing import Final

from nac.coa.recipe import Recipe, Verb
from nac.enforcement.vendor import Attribute

EX: Final = Recipe(
    names=(("Calling-Station-Id", "Acct-Session-Id"), ("Calling-Station-Id",)),
    commands={Verb.BOUNCE: (Attribute("Juniper-AV-Pair", "Port-Bounce"),)},
)
