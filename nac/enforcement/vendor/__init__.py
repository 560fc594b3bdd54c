"""One small file for each make; `DIALECTS` names its dialects as clients do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from nac.enforcement.vendor import (
    aos_cx,
    arista_eos,
    arubaos_switch,
    cisco_9800,
    cisco_dacl,
    cisco_ios_xe,
    dell_n,
    extreme_exos,
    fortiswitch,
    hostapd,
    juniper_ex,
    meraki,
    mikrotik,
    rfc4849,
    ruckus_icx,
    unifi,
    vlan_only,
)
from nac.enforcement.vendor.dialect import Attribute, Dialect

_MAKES: Final = (
    rfc4849,
    cisco_ios_xe,
    cisco_dacl,
    cisco_9800,
    aos_cx,
    arubaos_switch,
    juniper_ex,
    arista_eos,
    extreme_exos,
    fortiswitch,
    ruckus_icx,
    dell_n,
    mikrotik,
    meraki,
    unifi,
    hostapd,
    vlan_only,
)

DIALECTS: Final[Mapping[str, Dialect]] = {dialect.name: dialect for make in _MAKES for dialect in make.DIALECTS}
"""Every dialect by the name that a RADIUS client's `dialect` carries."""

UNCHOSEN: Final = ("rfc4849", "vlan-only")
"""What a policy has to fit while no client says what it speaks: the standard's dialect, and switches without lists."""


def make_of(dialect: str) -> str:
    """The name without its suffix: what a page of docs/vendors and a configuration snippet are named by."""
    return dialect.partition("+")[0]


MAKES: Final = tuple(dict.fromkeys(make_of(dialect) for dialect in DIALECTS))
"""Every make, in the order of the pages of docs/vendors."""

__all__ = ["DIALECTS", "MAKES", "UNCHOSEN", "Attribute", "Dialect", "make_of"]
