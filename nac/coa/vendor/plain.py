"""Switches of which nothing is known but the standard: RFC 5176 3 says which attributes may stand where."""

from __future__ import annotations

from typing import Final

from nac.coa.recipe import IN_PLACE_ALL, Recipe

STANDARD: Final = Recipe(
    names=(("Acct-Session-Id", "Calling-Station-Id"), ("Calling-Station-Id",), ("Acct-Session-Id",)),
    also=("User-Name", "NAS-Port", "NAS-Port-Id"),
    in_place=IN_PLACE_ALL,
)
"""VLAN and access list may be in a CoA-Request by RFC 5176 3."""

DISCONNECT_ONLY: Final = Recipe(
    names=(("Acct-Session-Id", "Calling-Station-Id"), ("Calling-Station-Id",), ("Acct-Session-Id",))
)
