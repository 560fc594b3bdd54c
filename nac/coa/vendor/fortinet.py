"""FortiSwitch: actions in `Fortinet-Host-Port-AVPair`; a bounced port is down for 10 seconds. In place only
Session-Timeout can be changed, so access lists come by a new login."""

from __future__ import annotations

from typing import Final

from nac.coa.recipe import Recipe, Verb
from nac.enforcement.vendor import Attribute

FORTISWITCH: Final = Recipe(
    names=(("Calling-Station-Id",),),
    nas=("NAS-Identifier",),
    also=("Acct-Session-Id", "User-Name"),
    commands={
        Verb.REAUTHENTICATE: (Attribute("Fortinet-Host-Port-AVPair", "action=reauth-port"),),
        Verb.BOUNCE: (Attribute("Fortinet-Host-Port-AVPair", "action=bounce-port"),),
    },
)
