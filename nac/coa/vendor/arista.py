"""Arista EOS. What names a session, and the value of `Arista-PortFlap`, are `unverified`."""

from __future__ import annotations

from typing import Final

from nac.coa.recipe import Recipe, Verb
from nac.enforcement.vendor import Attribute

EOS: Final = Recipe(
    names=(("Calling-Station-Id", "Acct-Session-Id"), ("Calling-Station-Id",)),
    commands={Verb.BOUNCE: (Attribute("Arista-PortFlap", "1"),)},
)
