"""What to configure on a make of switch, so that it asks this server: `snippets/MAKE.txt` with its placeholders.

The same texts stand on the pages of docs/vendors.
"""

from __future__ import annotations

from importlib.resources import files
from ipaddress import IPv4Address, IPv6Address
from typing import Final

SERVER: Final = "<SERVER>"
"""Placeholder for the address of this server."""

SECRET: Final = "<SECRET>"  # noqa: S105  # a placeholder
"""Placeholder for the shared secret, which nothing but `nac client add` and `rotate-secret` ever shows."""


def configuration(make: str, server: IPv4Address | IPv6Address | None = None) -> str:
    """The configuration for one of `nac.enforcement.vendor.MAKES`; without `server` its placeholder stays."""
    text = (files("nac.enforcement") / "snippets" / f"{make}.txt").read_text(encoding="utf-8")
    return text if server is None else text.replace(SERVER, str(server))
