"""What an Access-Accept or a CoA-Request grants a port: VLAN and access list, read in the words of the dialect."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from lab.nas.attributes import enforcing
from lab.nas.dialects import rules
from lab.nas.dialects.received import Attribute, LoginRefusedError
from nac.enforcement.header_space import FlowRule

_HEADER = 20


@dataclass(frozen=True)
class Grant:
    """`vlan` None: the port's own. The first rule that matches decides, what none matches is dropped."""

    vlan: int | None
    rules: Sequence[FlowRule]


def read(dialect: str, packet: bytes) -> Grant:
    """The grant in a packet. Raises `LoginRefusedError` for what a switch of this make would not apply."""
    attributes = enforcing(packet[_HEADER:])
    return Grant(_vlan(attributes), rules(dialect, attributes, _fetch))


def changes(packet: bytes) -> bool:
    """Whether the packet says anything about VLAN or access list."""
    return bool(enforcing(packet[_HEADER:]))


def _fetch(name: str) -> Sequence[Attribute]:
    raise LoginRefusedError(f"this switch fetches no lists, and {name} is one")


def _vlan(attributes: Sequence[Attribute]) -> int | None:
    """Tunnel-Private-Group-Id in text (RFC 3580 3.31), behind a tag or not (RFC 2868 3.6)."""
    found = [value for name, value in attributes if name == "Tunnel-Private-Group-Id"]
    if not found:
        return None
    text = found[0][1:] if found[0][0] <= 0x1F else found[0]
    if not text.isdigit() or not 1 <= int(text) <= 4094:
        raise LoginRefusedError(f"{text!r} is no VLAN")
    return int(text)


def expressions(rules: Sequence[FlowRule]) -> list[str]:
    """The list as nftables has it, a line for each rule, with counters."""
    return [_expression(rule) for rule in rules]


def _expression(rule: FlowRule) -> str:
    box = rule.box
    family, address = ("ip", IPv4Address) if box.version == 4 else ("ip6", IPv6Address)
    words = [f"meta protocol {family}"]
    first, last = (str(address(number)) for number in box.addresses)
    if box.addresses != (0, 2 ** (32 if box.version == 4 else 128) - 1):
        words.append(f"{family} daddr {_span(first, last)}")
    if box.protocols != (0, 255):
        words.append(f"meta l4proto {_span(*map(str, box.protocols))}")
    if box.ports != (0, 65535):
        words.append(f"th dport {_span(*map(str, box.ports))}")
    return " ".join([*words, "counter", "accept" if rule.permits else "drop"])


def _span(first: str, last: str) -> str:
    return first if first == last else f"{first}-{last}"
