"""hostapd: Disconnect, with identification attributes only; any other is answered with a NAK 401."""

from __future__ import annotations

from typing import Final

from nac.coa.recipe import Recipe

HOSTAPD: Final = Recipe(
    names=(("Acct-Session-Id", "Calling-Station-Id"), ("Calling-Station-Id",)),
    nas=("NAS-IP-Address", "NAS-IPv6-Address", "NAS-Identifier"),
)
