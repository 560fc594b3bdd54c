"""MAC addresses: every notation that switches and people write, one canonical form."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from netaddr import EUI, AddrFormatError, mac_unix_expanded  # type: ignore[import-untyped]

from nac.errors import NacError

_NOTATION: Final = re.compile(
    r"[0-9a-f]{12}|[0-9a-f]{6}[-:.][0-9a-f]{6}|[0-9a-f]{4}([-:.][0-9a-f]{4}){2}|[0-9a-f]{1,2}([-:][0-9a-f]{1,2}){5}",
    re.IGNORECASE,
)
"""Keeps out what netaddr also takes for an address, such as a decimal number."""


class MacAddressError(NacError):
    """Text is not a MAC address (EUI-48)."""

    exit_code = 2


@dataclass(frozen=True, order=True)
class MacAddress:
    """`text` is six pairs of lower-case hex digits joined by colons. Make one with `parse`."""

    text: str

    @classmethod
    def parse(cls, text: str) -> MacAddress:
        """Read `aa-bb-…`, `AA:BB:…`, `aabb.ccdd.eeff`, `aabbcc-ddeeff`, `aabbccddeeff`. Raises `MacAddressError`."""
        stripped = text.strip()
        try:
            if not _NOTATION.fullmatch(stripped):
                raise AddrFormatError
            return cls(str(EUI(_regroup(stripped), version=48, dialect=mac_unix_expanded)))
        except (AddrFormatError, ValueError) as error:
            raise MacAddressError(
                f"{text!r} is not a MAC address", fix="write twelve hex digits, like 00:1b:77:49:54:fd"
            ) from error

    @property
    def locally_administered(self) -> bool:
        """True for an address that software made up (IEEE 802, the U/L bit), as phones do to avoid being tracked."""
        return bool(int(self.text[:2], 16) & 0x02)

    def __str__(self) -> str:
        return self.text


def stored_mac(mac: str) -> str:
    """What the data plane writes, `00-11-22-33-44-55` (RFC 3580 3.21), as `mac` columns have it."""
    return mac.replace("-", ":").lower()


def _regroup(text: str) -> str:
    """Six digits, a separator, six digits is HPE's form; netaddr wants it with a hyphen."""
    return f"{text[:6]}-{text[7:]}" if re.fullmatch(r"\w{6}[-:.]\w{6}", text) else text
