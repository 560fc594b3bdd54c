"""What the readers of all makes share: attributes as they came, and what a switch does without a list."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Final

from nac.enforcement.header_space import Box, FlowRule

Attribute = tuple[str, bytes]
"""Name and value of an attribute as it stands on the wire."""

ALL_IPV4: Final = IPv4Network("0.0.0.0/0")
ALL_IPV6: Final = IPv6Network("::/0")

PERMIT_IPV4: Final = FlowRule(permits=True, box=Box.to(ALL_IPV4))
PERMIT_IPV6: Final = FlowRule(permits=True, box=Box.to(ALL_IPV6))
DENY_IPV4: Final = FlowRule(permits=False, box=Box.to(ALL_IPV4))
DENY_IPV6: Final = FlowRule(permits=False, box=Box.to(ALL_IPV6))

OPEN: Final = (PERMIT_IPV4, PERMIT_IPV6)
"""What a session has where the switch found no list for it."""


class LoginRefusedError(Exception):
    """The switch does not put the session on the network, though the server accepted it."""


def values(attributes: Sequence[Attribute], name: str) -> list[str]:
    """The values of all attributes of that name, in order. Raises `LoginRefusedError` for what is not ASCII."""
    try:
        return [value.decode("ascii") for one, value in attributes if one == name]
    except UnicodeDecodeError as error:
        raise LoginRefusedError(f"{name}: {error}") from error


def network(text: str) -> IPv4Network | IPv6Network:
    """An address, or a prefix without host bits. Raises `LoginRefusedError`."""
    try:
        return ip_network(text)
    except ValueError as error:
        raise LoginRefusedError(str(error)) from error


def port_range(text: str) -> tuple[int, int]:
    """`443` or `8000-8080`. Raises `LoginRefusedError`."""
    first, dash, last = text.partition("-")
    if not first.isdigit() or (dash and not last.isdigit()):
        raise LoginRefusedError(f"not a port: {text!r}")
    ports = (int(first), int(last or first))
    if not 0 <= ports[0] <= ports[1] <= 65535:
        raise LoginRefusedError(f"not a range of ports: {text!r}")
    return ports
