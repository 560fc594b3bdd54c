"""Lists in `Cisco-AVPair`: IOS-XE, Meraki MS, Dell N-series, and lists that the switch downloads.

Lines stand in the order of their numbers; a number that comes twice keeps the later line. A list for one IP version
ends in an implicit deny for that version and says nothing of the other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Network

from lab.nas.dialects.received import (
    ALL_IPV4,
    ALL_IPV6,
    DENY_IPV4,
    DENY_IPV6,
    PERMIT_IPV4,
    PERMIT_IPV6,
    Attribute,
    LoginRefusedError,
    network,
    port_range,
    values,
)
from nac.enforcement.header_space import ANY_PORT, Box, FlowRule

_MAX_CHARACTERS = 4000
_LINE = re.compile(r"(ip|ipv6):inacl#(\d+)=(.*)")
_REFERENCE = re.compile(r"ACS:CiscoSecure-Defined-ACL=(#ACSACL#-IP-\S+-\w+)")


def rules(attributes: Sequence[Attribute]) -> list[FlowRule]:
    """Per-user lists. One that cannot be applied fails the authorization (for one that is too long: unverified)."""
    pairs = values(attributes, "Cisco-AVPair")
    characters = sum(len(pair) for pair in pairs if ":inacl#" in pair)
    if characters > _MAX_CHARACTERS:
        raise LoginRefusedError(f"{characters} characters are more than {_MAX_CHARACTERS} for one user")
    return _listed(pairs)


def _listed(pairs: Sequence[str]) -> list[FlowRule]:
    lines = [(match[1], int(match[2]), match[3]) for pair in pairs if (match := _LINE.fullmatch(pair))]
    if any(":inacl" in pair and not _LINE.fullmatch(pair) for pair in pairs):
        raise LoginRefusedError("a line of the list has no number")
    return [
        *_family([(number, text) for family, number, text in lines if family == "ip"], 4),
        *_family([(number, text) for family, number, text in lines if family == "ipv6"], 6),
    ]


def dell_rules(attributes: Sequence[Attribute]) -> list[FlowRule]:
    """Dell N-series: a list beside Filter-Id makes an Access-Reject of the Access-Accept."""
    listed = any("inacl" in pair for pair in values(attributes, "Cisco-AVPair"))
    if listed and values(attributes, "Filter-Id"):
        raise LoginRefusedError("contains both Filter-ID(11) and AV-Pair(26) attributes")
    return _listed(values(attributes, "Cisco-AVPair"))


def download_rules(attributes: Sequence[Attribute], fetch: Callable[[str], Sequence[Attribute]]) -> list[FlowRule]:
    """A downloadable list: the Access-Accept has its name, the server its lines."""
    names = [match[1] for pair in values(attributes, "Cisco-AVPair") if (match := _REFERENCE.fullmatch(pair))]
    if len(names) > 1:
        raise LoginRefusedError("two lists are named")
    return _listed(values(fetch(names[0]), "Cisco-AVPair")) if names else rules(attributes)


def _family(lines: Sequence[tuple[int, str]], version: int) -> list[FlowRule]:
    if not lines:
        return [PERMIT_IPV4 if version == 4 else PERMIT_IPV6]
    by_number = dict(lines)
    return [
        *(_entry(by_number[number], version) for number in sorted(by_number)),
        DENY_IPV4 if version == 4 else DENY_IPV6,
    ]


def _entry(text: str, version: int) -> FlowRule:
    words = text.split(" ")
    if len(words) < 4 or words[0] not in ("permit", "deny") or words[2] != "any":
        raise LoginRefusedError(f"not an entry: {text!r}")
    action, protocol, _, *rest = words
    number = _protocol(protocol, version)
    destination, rest = (_ipv4 if version == 4 else _ipv6)(rest)
    if not rest:
        return FlowRule(action == "permit", Box.to(destination, number, ANY_PORT))
    if number not in (6, 17) or (rest[0], len(rest)) not in (("eq", 2), ("range", 3)):
        raise LoginRefusedError(f"not an entry: {text!r}")
    return FlowRule(action == "permit", Box.to(destination, number, port_range("-".join(rest[1:]))))


def _protocol(word: str, version: int) -> int | None:
    if word == ("ip" if version == 4 else "ipv6"):
        return None
    known = {"icmp": 1 if version == 4 else 58, "tcp": 6, "udp": 17}
    if word not in known:
        raise LoginRefusedError(f"not a protocol: {word!r}")
    return known[word]


def _ipv4(words: list[str]) -> tuple[IPv4Network | IPv6Network, list[str]]:
    if words[0] == "any":
        return ALL_IPV4, words[1:]
    if words[0] == "host":
        return network(f"{words[1]}/32"), words[2:]
    try:
        wildcard = int(IPv4Address(words[1]))
    except (IndexError, ValueError) as error:
        raise LoginRefusedError(f"no wildcard mask: {words!r}") from error
    if wildcard & (wildcard + 1):
        raise LoginRefusedError(f"a wildcard mask with gaps is not read here: {words[1]}")
    return network(f"{words[0]}/{32 - wildcard.bit_length()}"), words[2:]


def _ipv6(words: list[str]) -> tuple[IPv4Network | IPv6Network, list[str]]:
    if words[0] == "any":
        return ALL_IPV6, words[1:]
    if words[0] == "host":
        return network(f"{words[1]}/128"), words[2:]
    return network(words[0]), words[1:]
