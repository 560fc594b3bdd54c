"""A policy as it was written: frozen, with the place of every part, nothing looked up yet."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network
from typing import Literal

from nac.policy.source import Source, Span

Network = IPv4Network | IPv6Network
Value = str | bool | int | tuple[str, ...]
Operator = Literal["=", "<", "<=", ">", ">=", "has", "in", "matches"]
Protocol = Literal["tcp", "udp", "icmp"]


@dataclass(frozen=True, slots=True)
class Name:
    """A name where it is used."""

    text: str
    span: Span


# --- conditions ---


@dataclass(frozen=True, slots=True)
class Always:
    """Holds whatever the facts are: a statement without `when`."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """`fact operator value`. A bare boolean fact is compared with True."""

    fact: Name
    operator: Operator
    value: Value
    value_span: Span


@dataclass(frozen=True, slots=True)
class PersonaReference:
    """`persona NAME` inside a condition."""

    persona: Name


@dataclass(frozen=True, slots=True)
class Not:
    """`not part`."""

    part: Condition


@dataclass(frozen=True, slots=True)
class All:
    """`part and part and ...`; at least two parts."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Any:
    """`part or part or ...`; at least two parts."""

    parts: tuple[Condition, ...]


Condition = Always | Comparison | PersonaReference | Not | All | Any


# --- declarations ---


@dataclass(frozen=True, slots=True)
class Port:
    """A protocol with a range of ports, both ends included. ICMP has no ports: 0 to 0."""

    protocol: Protocol
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Resource:
    """Something to protect. Without `ports` every protocol is meant. `kind` internet needs no address: it is everything
    except private ranges and the addresses of all other resources.
    """

    name: Name
    kind: Name
    addresses: tuple[Network, ...] = ()
    ports: tuple[Port, ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    """owner, stage, environment, sensitivity, residency: for people and for later rules."""


@dataclass(frozen=True, slots=True)
class Segment:
    """Where a session is put. `vlan`: 1..4094 or a VLAN's name on the switch; `session`: seconds until
    re-authentication; `filter_id`: the access list on switches that take none from the server.
    """

    name: Name
    vlan: int | str | None = None
    session: int | None = None
    filter_id: str | None = None


@dataclass(frozen=True, slots=True)
class Persona:
    """A named condition."""

    name: Name
    condition: Condition


# --- rules ---


@dataclass(frozen=True, slots=True)
class Place:
    """`place in SEGMENT when ...`."""

    segment: Name
    condition: Condition
    label: str
    span: Span


@dataclass(frozen=True, slots=True)
class Reject:
    """`reject "reason" when ...`."""

    reason: str
    condition: Condition
    label: str
    span: Span


@dataclass(frozen=True, slots=True)
class Allow:
    """`allow RESOURCE, ... when ...`."""

    resources: tuple[Name, ...]
    condition: Condition
    label: str
    span: Span


@dataclass(frozen=True, slots=True)
class Forbid:
    """`forbid RESOURCE, ... when ...`."""

    resources: tuple[Name, ...]
    condition: Condition
    label: str
    span: Span


Rule = Place | Reject | Allow | Forbid


# --- tests in the file ---


@dataclass(frozen=True, slots=True)
class Given:
    """`given fact = value`."""

    fact: Name
    value: Value
    value_span: Span


@dataclass(frozen=True, slots=True)
class Test:
    """A test block. `segment`: the expected one, or None with `expects_reject`."""

    title: str
    span: Span
    given: tuple[Given, ...]
    segment: Name | None
    expects_reject: bool
    reaches: tuple[Name, ...]
    not_reaches: tuple[Name, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """Everything that was written, in the order of files and lines."""

    sources: tuple[Source, ...] = field(repr=False)
    resources: tuple[Resource, ...] = ()
    segments: tuple[Segment, ...] = ()
    personas: tuple[Persona, ...] = ()
    rules: tuple[Rule, ...] = ()
    tests: tuple[Test, ...] = ()

    def persona_conditions(self) -> dict[str, Condition]:
        """What each persona stands for."""
        return {persona.name.text: persona.condition for persona in self.personas}
