"""Extreme Switch Engine (EXOS): a session is named by its MAC address alone, Acct-Session-Id is not supported, and
NAS-IP-Address is refused unless it is the primary address of the default interface - so neither is sent.

A CoA-Request takes one dynamic rule, and adds it to those in force. It cannot replace a list, so another one comes by a
new login. There is no handling of retransmissions: each is done again.
"""

from __future__ import annotations

from typing import Final

from nac.coa.recipe import Recipe

EXOS: Final = Recipe(names=(("Calling-Station-Id",),), nas=())
