"""The attributes that enforce a decision, taken from their octets and named as the vendors' lists name them.

Written apart from `nac.dictionaries` and its codec, as everything here that reads what the server sends.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from lab.nas.dialects.received import Attribute

_NAMES: Final[Mapping[int | tuple[int, int], str]] = {
    11: "Filter-Id",
    64: "Tunnel-Type",
    65: "Tunnel-Medium-Type",
    81: "Tunnel-Private-Group-Id",
    92: "NAS-Filter-Rule",
    (9, 1): "Cisco-AVPair",
    (11, 25): "HP-User-Role",
    (11, 61): "HP-Nas-Filter-Rule",
    (11, 63): "HP-Nas-Rules-IPv6",
    (1916, 232): "Extreme-EXOS-Dynamic-ACL",
    (2636, 48): "Juniper-Switching-Filter",
    (14179, 6): "Airespace-ACL-Name",
    (14823, 1): "Aruba-User-Role",
    (14823, 51): "Aruba-NAS-Filter-Rule",
    (14988, 30): "Mikrotik-Switching-Filter",
}
"""By type, or by vendor and vendor type."""

_VENDOR_SPECIFIC: Final = 26


def enforcing(octets: bytes) -> list[Attribute]:
    """The named ones among encoded attributes, in their order: type, length, value (RFC 2865 5), and in type 26 vendor,
    type, length, value (5.26). Others, such as the keys of a session, are passed over.
    """
    found = []
    while octets:
        kind, length = octets[0], octets[1]
        value, octets = octets[2:length], octets[length:]
        key: int | tuple[int, int] = kind
        if kind == _VENDOR_SPECIFIC:
            key = (int.from_bytes(value[:4]), value[4])
            if key in _NAMES and value[5] != len(value) - 4:
                raise ValueError(f"vendor length {value[5]} in {len(value)} octets")
            value = value[6:]
        if key in _NAMES:
            found.append((_NAMES[key], value))
    return found
