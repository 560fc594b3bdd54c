"""Addresses of this host: one to listen on (`192.0.2.1:1812`, `[2001:db8::1]:1812`), one to send from (`192.0.2.1`)."""

from __future__ import annotations

import ipaddress
import re
from typing import Final

_FORM: Final = re.compile(r"(?:\[(?P<v6>[^\]]+)\]|(?P<v4>[^:\[\]]+)):(?P<port>[0-9]{1,5})", re.ASCII)


class ListenAddress(str):
    """An IP address, never a name, and a port, as `DataPlane` takes them; port 0 asks the kernel for a free one."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> ListenAddress:
        """`address:port`, IPv6 in brackets. Raises `ValueError` in words for an administrator."""
        match = _FORM.fullmatch(text)
        if match is None:
            raise ValueError(
                f'"{text}" is not an address and port: write "0.0.0.0:1812", or "[::]:1812" with brackets for IPv6'
            )
        port = int(match["port"])
        if port > 65535:
            raise ValueError(f"port {port} is above 65535: RADIUS authentication uses 1812")
        address = _address(text, match["v4"], match["v6"])
        return cls(f"[{address}]:{port}" if address.version == 6 else f"{address}:{port}")

    def beside(self) -> ListenAddress:
        """The same address with the next port, as 1813 stands beside 1812; any port beside any. Raises `ValueError`."""
        address = self.rpartition(":")[0]
        return ListenAddress.parse(f"{address}:{self.port + 1 if self.port else 0}")

    @property
    def host(self) -> str:
        """The address, without brackets."""
        return self.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        """The port, 0 for any."""
        return int(self.rpartition(":")[2])


class SourceAddress(str):
    """An IP address of this host, never a name, without a port."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> SourceAddress:
        """`192.0.2.1` or `2001:db8::1`. Raises `ValueError` in words for an administrator."""
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            raise ValueError(
                f'"{text}" is not an IP address: write the address alone, without port or brackets'
            ) from None
        if address.is_unspecified or address.is_multicast or "%" in text:
            raise ValueError(f'"{text}" is no address to send from: write one of this host, without a zone')
        return cls(address)

    @property
    def version(self) -> int:
        """Of IP: 4 or 6."""
        return 6 if ":" in self else 4


def _address(text: str, v4: str | None, v6: str | None) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    try:
        if v4 is not None:
            return ipaddress.IPv4Address(v4)
        address = ipaddress.IPv6Address(v6 or "")
    except ValueError:
        raise ValueError(f'"{v4 or v6}" is not an IP address: write the address itself, not a host name') from None
    if address.scope_id is not None:
        raise ValueError(f'"{text}" names a zone: listen on "[::]:1812" or on an address without one')
    return address
