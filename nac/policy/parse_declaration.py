"""Declarations: `resource NAME { ... }` and `segment NAME { ... }`."""

from __future__ import annotations

import re
from ipaddress import ip_network
from typing import Final, cast

from nac.policy.cursor import Cursor, SyntaxProblem
from nac.policy.lexer import Kind, Token
from nac.policy.model import Name, Network, Port, Protocol, Resource, Segment, Vlan
from nac.policy.parse_block import Property, block, items
from nac.policy.parse_condition import RESERVED
from nac.policy.source import Diagnostic

KINDS: Final = (
    "model-registry",
    "dataset",
    "gpu-cluster",
    "notebook",
    "mlops",
    "object-store",
    "internet",
    "other",
)
"""What a resource can be."""

LABELS: Final[dict[str, tuple[str, ...]]] = {
    "stage": ("ingest", "train", "test", "deploy"),
    "environment": ("dev", "test", "prod"),
    "sensitivity": ("low", "medium", "high"),
}
"""Labels with a closed list of values; `owner` (text) and `residency` (a word) are open."""

MAX_ITEMS: Final = 1024
"""Addresses or ports of one resource."""

SHORTEST_SESSION: Final = 60
LONGEST_SESSION: Final = 30 * 24 * 3600
"""Seconds. A shorter one would keep the switch busy with re-authentication, a longer one is no limit any more."""

LONGEST_ROLE: Final = 247
"""Octets of a role's name: what a vendor-specific attribute holds (RFC 2865 5.26)."""

LARGEST_SGT: Final = 65519
"""The largest security group tag; those above are the switches' own."""

_DURATION: Final = re.compile(r"(\d{1,7})([smhd])")
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def parse_resource(cursor: Cursor) -> Resource:
    """After the word `resource`."""
    name = cursor.expect_name("the name of the resource", reserved=RESERVED)
    found = block(cursor, f"resource {name.text}", _RESOURCE)
    labels = tuple((key, str(found[key])) for key in ("owner", *LABELS, "residency") if key in found)
    resource = Resource(
        name=name,
        kind=cast(Name, found.get("kind", Name("other", name.span))),
        addresses=cast("tuple[Network, ...]", found.get("address", ())),
        ports=cast("tuple[Port, ...]", found.get("port", ())),
        labels=labels,
    )
    if not resource.addresses and resource.kind.text != "internet":
        fix = "write `address 10.0.0.0/24`; only `kind internet` goes without"
        raise SyntaxProblem(Diagnostic(name.span, f"resource `{name.text}` has no address", fix))
    if resource.addresses and resource.kind.text == "internet":
        fix = "leave `address` out, or choose another kind"
        raise SyntaxProblem(Diagnostic(name.span, "an internet resource has no address of its own", fix))
    return resource


def parse_segment(cursor: Cursor) -> Segment:
    """After the word `segment`."""
    name = cursor.expect_name("the name of the segment", reserved=RESERVED)
    found = block(cursor, f"segment {name.text}", _SEGMENT)
    vlan, site_vlans = cast("_Vlans", found.get("vlan", (None, ())))
    return Segment(
        name=name,
        vlan=vlan,
        session=cast("int | None", found.get("session")),
        filter_id=cast("str | None", found.get("filter-id")),
        site_vlans=site_vlans,
        role=cast("str | None", found.get("role")),
        sgt=cast("int | None", found.get("sgt")),
        environment=cast("str | None", found.get("environment")),
        fallback=cast("Name | None", found.get("fallback")),
    )


_Vlans = tuple[Vlan | None, tuple[tuple[Name, Vlan], ...]]


def _kind(cursor: Cursor) -> Name:
    token = cursor.choose("a kind of resource", KINDS)
    return Name(token.value, token.span)


def _addresses(cursor: Cursor) -> tuple[Network, ...]:
    return tuple(items(cursor, _address, MAX_ITEMS))


def _address(cursor: Cursor) -> Network:
    token = cursor.expect_any_word("an address")
    try:
        return ip_network(token.value)
    except ValueError as error:
        reason = str(error)
    fix = "an address is `10.20.0.10`, `10.20.0.0/24` or `2001:db8::/64`"
    if reason.endswith("has host bits set"):
        fix = f"the network is `{ip_network(token.value, strict=False)}`"
    raise SyntaxProblem(Diagnostic(token.span, f"`{token.value}` is not a network address", fix))


def _ports(cursor: Cursor) -> tuple[Port, ...]:
    return tuple(items(cursor, _port, MAX_ITEMS))


def _port(cursor: Cursor) -> Port:
    protocol = cast(Protocol, cursor.choose("a protocol", ("tcp", "udp", "icmp")).value)
    if protocol == "icmp":
        return Port(protocol, 0, 0)
    token = cursor.expect_any_word("a port")
    first, dash, last = token.value.partition("-")
    if first.isdecimal() and (last.isdecimal() or not dash):
        port = Port(protocol, int(first[:6]), int((last or first)[:6]))
        if 1 <= port.first <= port.last <= 65535:
            return port
    fix = f"a port is `{protocol} 443` or `{protocol} 8000-8100`, from 1 to 65535"
    raise SyntaxProblem(Diagnostic(token.span, f"`{token.value}` is not a port", fix))


def _owner(cursor: Cursor) -> str:
    return cursor.expect_text("the owner").value


def _residency(cursor: Cursor) -> str:
    return cursor.expect_name("a region", reserved=RESERVED).text


def _label(key: str) -> Property:
    return lambda cursor: label_value(cursor, key).value


def label_value(cursor: Cursor, key: str) -> Token:
    """A value of a label of `LABELS`."""
    article = "an" if key == "environment" else "a"
    return cursor.choose(f"{article} {key}", LABELS[key])


def _vlans(cursor: Cursor) -> _Vlans:
    """`VLAN ["at" SITE VLAN {"," SITE VLAN}]`."""
    default = _vlan(cursor)
    if not cursor.accept_word("at"):
        return default, ()
    return default, tuple(items(cursor, _site_vlan, MAX_ITEMS))


def _site_vlan(cursor: Cursor) -> tuple[Name, Vlan]:
    return cursor.expect_name("the name of a site", reserved=RESERVED), _vlan(cursor)


def _vlan(cursor: Cursor) -> Vlan:
    token = cursor.advance()
    if token.kind is Kind.TEXT and 1 <= len(token.value.encode()) <= 32:
        return token.value
    if token.kind is Kind.WORD and token.value.isdecimal() and 1 <= int(token.value[:5]) <= 4094:
        return int(token.value)
    fix = 'a VLAN is a number from 1 to 4094, or its name on the switch as "text" of at most 32 octets'
    raise SyntaxProblem(Diagnostic(token.span, f"{token} is not a VLAN", fix))


def _session(cursor: Cursor) -> int:
    token = cursor.expect_any_word("a duration")
    match = _DURATION.fullmatch(token.value)
    seconds = int(match[1]) * _SECONDS[match[2]] if match else 0
    if not SHORTEST_SESSION <= seconds <= LONGEST_SESSION:
        fix = "a session lasts from `60s` to `30d`, e.g. `8h`"
        raise SyntaxProblem(Diagnostic(token.span, f"`{token.value}` is not a session's duration", fix))
    return seconds


def _filter_id(cursor: Cursor) -> str:
    token: Token = cursor.expect_text("the name of the access list on the switch")
    if not 1 <= len(token.value.encode()) <= 253:
        raise SyntaxProblem(Diagnostic(token.span, "a Filter-Id has 1 to 253 octets (RFC 2865 5.11)"))
    return token.value


def _role(cursor: Cursor) -> str:
    token: Token = cursor.expect_text("the name of the role on the switch")
    if not 1 <= len(token.value.encode()) <= LONGEST_ROLE:
        raise SyntaxProblem(Diagnostic(token.span, f"a role has 1 to {LONGEST_ROLE} octets"))
    return token.value


def _sgt(cursor: Cursor) -> int:
    token = cursor.expect_any_word("a security group tag")
    if token.value.isdecimal() and 1 <= int(token.value[:6]) <= LARGEST_SGT:
        return int(token.value)
    fix = f"a tag is a number from 1 to {LARGEST_SGT}"
    raise SyntaxProblem(Diagnostic(token.span, f"`{token.value}` is not a security group tag", fix))


def _fallback(cursor: Cursor) -> Name:
    return cursor.expect_name("the name of a segment", reserved=RESERVED)


_RESOURCE: Final[dict[str, Property]] = {
    "kind": _kind,
    "address": _addresses,
    "port": _ports,
    "owner": _owner,
    **{key: _label(key) for key in LABELS},
    "residency": _residency,
}

_SEGMENT: Final[dict[str, Property]] = {
    "vlan": _vlans,
    "session": _session,
    "filter-id": _filter_id,
    "role": _role,
    "sgt": _sgt,
    "environment": _label("environment"),
    "fallback": _fallback,
}
