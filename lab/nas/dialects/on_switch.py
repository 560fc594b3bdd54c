"""Lists and roles that are on the switch already, of which an Access-Accept has the name alone.

What becomes of a name that the switch does not have differs: some do not let the session on, some let it on without a
list. Where no page of the vendor says which, the entry is marked unverified.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from lab.nas.dialects.received import Attribute, LoginRefusedError, values
from nac.enforcement.header_space import FlowRule

OnSwitch = Mapping[str, Sequence[FlowRule]]
"""By name, without a suffix for the direction; each with the default at its end."""


@dataclass(frozen=True)
class Naming:
    """`attributes`: which of them name a list, the first that is there counts. `unknown`: what becomes of the session.
    `directed`: a name ends in `.in`, and any other is for what leaves the port towards the device."""

    attributes: tuple[str, ...] = ("Filter-Id",)
    unknown: Literal["refused", "open"] = "refused"
    directed: bool = False


NAMING: Final[Mapping[str, Naming]] = {
    "rfc4849": Naming(),  # unverified
    "vlan-only": Naming(),  # unverified
    "cisco-ios-xe": Naming(directed=True),  # that an unknown one is refused: unverified
    "cisco-dacl": Naming(directed=True),
    "cisco-9800": Naming(("Airespace-ACL-Name",)),  # unverified
    "dell-n": Naming(directed=True),
    "meraki": Naming(unknown="open"),  # unverified
    "aos-cx": Naming(("Aruba-User-Role",)),  # that an unknown one is refused: unverified
    "arubaos-switch": Naming(("HP-User-Role", "Filter-Id")),  # that an unknown one is refused: unverified
    "juniper-ex": Naming(),
    "extreme-exos": Naming(unknown="open"),  # unverified
    "fortiswitch": Naming(),
}
"""By make. One that is missing here reads no names (MikroTik, UniFi, hostapd, Arista), or in its own file (ICX)."""


def named_rules(make: str, attributes: Sequence[Attribute], lists: OnSwitch) -> list[FlowRule] | None:
    """The list that the reply names; None when it names none, or none that touches what the device sends.

    Raises `LoginRefusedError` for a name that costs the login on this make.
    """
    naming = NAMING.get(make)
    if naming is None:
        return None
    names = [name for kind in naming.attributes for name in values(attributes, kind)]
    if not names or (naming.directed and not names[0].endswith(".in")):
        return None
    name = names[0].removesuffix(".in") if naming.directed else names[0]
    if name in lists:
        return list(lists[name])
    if naming.unknown == "refused":
        raise LoginRefusedError(f"there is no {name!r} on this switch")
    return None
