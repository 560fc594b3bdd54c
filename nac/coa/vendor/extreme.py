"""Extreme Switch Engine (EXOS): a session is named by its MAC address alone, Acct-Session-Id is not supported, and
NAS-IP-Address is refused unless it is the primary address of the default interface - so neither is sent.

Dynamic access lists may be in a CoA-Request. There is no handling of retransmissions: each is done again.
"""

from __future__ import annotations

from typing import Final

from nac.coa.recipe import IN_PLACE_LIST, Recipe

EXOS: Final = Recipe(names=(("Calling-Station-Id",),), nas=(), in_place=IN_PLACE_LIST)
