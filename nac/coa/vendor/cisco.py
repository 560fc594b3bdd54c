"""Cisco, and those who speak like it (Meraki, Dell N): commands in `Cisco-AVPair`, from the guides on IBNS and CoA.

A new access list or VLAN comes by a new login: `subscriber:command=reauthenticate` with type `last` lets the switch run
the method that succeeded before. A bounced port is down for 10 seconds.
"""

from __future__ import annotations

from typing import Final

from nac.coa.recipe import Recipe, Verb
from nac.enforcement.vendor import Attribute

_REAUTHENTICATE: Final = (
    Attribute("Cisco-AVPair", "subscriber:command=reauthenticate"),
    Attribute("Cisco-AVPair", "subscriber:reauthenticate-type=last"),
)
_BOUNCE: Final = (Attribute("Cisco-AVPair", "subscriber:command=bounce-host-port"),)

IOS_XE: Final = Recipe(
    names=(
        ("audit-session-id", "Calling-Station-Id"),
        ("Acct-Session-Id", "Calling-Station-Id"),
        ("Calling-Station-Id",),
    ),
    nas=(),
    commands={Verb.REAUTHENTICATE: _REAUTHENTICATE, Verb.BOUNCE: _BOUNCE},
)
"""Port 3799 as `nac client snippet` configures it; a switch of which nothing was said listens on 1700."""

WIRELESS: Final = Recipe(
    names=(("audit-session-id", "Calling-Station-Id"), ("Calling-Station-Id",)),
    nas=(),
    port=1700,
    commands={Verb.REAUTHENTICATE: _REAUTHENTICATE},
)
"""Catalyst 9800 and Meraki: some releases ignore a CoA-Request on 3799."""

DELL_N: Final = Recipe(
    names=(("Acct-Session-Id", "Calling-Station-Id"), ("Acct-Session-Id",), ("Calling-Station-Id",)),
    nas=(),
    commands={Verb.REAUTHENTICATE: _REAUTHENTICATE, Verb.BOUNCE: _BOUNCE},
)
