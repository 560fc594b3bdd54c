"""How each make of switch reads the access list in an Access-Accept, with its refusals and its default at the end.

Written from the descriptions in docs/vendors, apart from the encoders in `nac.enforcement.vendor`, with which it
shares no code: what both say alike is what the pages say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final

from lab.nas.dialects import aruba, cisco, extreme_exos, fortiswitch, ip_filter_rule, juniper_ex, ruckus_icx
from lab.nas.dialects.received import DENY_IPV6, Attribute
from nac.enforcement.header_space import FlowRule

Fetch = Callable[[str], Sequence[Attribute]]
"""Asks the server for a downloadable list by its name; the attributes of all its pages."""

_MAKES: Final[Mapping[str, Callable[[Sequence[Attribute]], list[FlowRule]]]] = {
    "rfc4849": ip_filter_rule.rules,
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
    "ruckus-icx": ruckus_icx.rules,
}

_DOWNLOADING: Final = ("cisco-dacl", "cisco-9800")


def rules(dialect: str, attributes: Sequence[Attribute], fetch: Fetch) -> list[FlowRule]:
    """What a switch that is set up for `dialect` enforces after an Access-Accept with these attributes, first match
    first.

    The ports of `NAME+ipv4` block IPv6. Raises `received.LoginRefusedError` where the switch would not let the
    session on.
    """
    make, _, suffix = dialect.partition("+")
    read = partial(cisco.download_rules, fetch=fetch) if make in _DOWNLOADING else _MAKES[make]
    return [*([DENY_IPV6] if suffix == "ipv4" else []), *read(attributes)]
