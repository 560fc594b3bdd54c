"""How each make of switch reads the access list in an Access-Accept, with its refusals and its default at the end.

Written from the descriptions in docs/vendors, apart from the encoders in `nac.enforcement.vendor`, with which it
shares no code: what both say alike is what the pages say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final

from lab.nas.dialects import (
    aruba,
    cisco,
    extreme_exos,
    fortiswitch,
    ip_filter_rule,
    juniper_ex,
    mikrotik,
    ruckus_icx,
)
from lab.nas.dialects.on_switch import OnSwitch, named_rules
from lab.nas.dialects.received import DENY_IPV6, OPEN, Attribute, LoginRefusedError
from nac.enforcement.header_space import FlowRule

Fetch = Callable[[str], Sequence[Attribute]]
"""Asks the server for a downloadable list by its name; the attributes of all its pages."""

_MAKES: Final[Mapping[str, Callable[[Sequence[Attribute]], Sequence[FlowRule]]]] = {
    "rfc4849": ip_filter_rule.rules,
    "vlan-only": ip_filter_rule.rules,
    "hostapd": ip_filter_rule.rules,
    "arista-eos": ip_filter_rule.rules,
    "cisco-ios-xe": cisco.rules,
    "meraki": cisco.rules,
    "dell-n": cisco.dell_rules,
    "aos-cx": aruba.aos_cx_rules,
    "arubaos-switch": aruba.arubaos_switch_rules,
    "juniper-ex": juniper_ex.rules,
    "extreme-exos": extreme_exos.rules,
    "fortiswitch": fortiswitch.rules,
    "mikrotik": mikrotik.rules,
}

_DOWNLOADING: Final = ("cisco-dacl", "cisco-9800")

_DEAF: Final = frozenset({"vlan-only", "unifi", "meraki", "dell-n", "fortiswitch", "hostapd"})
"""Without a suffix these are not set up for lists from the server, or have none (Meraki MR: unverified), and pass them
over without a word."""


def rules(dialect: str, attributes: Sequence[Attribute], fetch: Fetch, lists: OnSwitch | None = None) -> list[FlowRule]:
    """What a switch that is set up for `dialect` enforces after an Access-Accept with these attributes, first match
    first. `lists`: what it has on itself.

    The ports of `NAME+ipv4` block IPv6. Raises `received.LoginRefusedError` where the switch would not let the
    session on.
    """
    make, _, suffix = dialect.partition("+")
    return [*([DENY_IPV6] if suffix == "ipv4" else []), *_read(make, suffix, attributes, fetch, lists or {})]


def _read(make: str, suffix: str, attributes: Sequence[Attribute], fetch: Fetch, lists: OnSwitch) -> Sequence[FlowRule]:
    """A list in the reply and one that it names are never both in force. Several makes document that they refuse such a
    reply; the others are taken to do so."""
    if make == "ruckus-icx":
        return ruckus_icx.rules(attributes, lists)
    read = partial(cisco.download_rules, fetch=fetch) if make in _DOWNLOADING else _MAKES.get(make)
    sent = OPEN if read is None or (make in _DEAF and not suffix) else tuple(read(attributes))
    named = named_rules(make, attributes, lists)
    if named is None:
        return sent
    if sent != OPEN:
        raise LoginRefusedError("a list, and the name of another")
    return named
