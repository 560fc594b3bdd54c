"""A policy: frozen, with the place of every part.

`nac.policy.parse` makes it as it was written. `nac.policy.resolve` then fills in what lists and selectors stand for:
after it no comparison has a `from_list`, and every statement names its `resources`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
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
    """`fact operator value`. A bare boolean fact is compared with True.

    `from_list`: of `in list NAME` (operator `in`) and `has any list NAME` (operator `has`), until it is resolved.
    """

    fact: Name
    operator: Operator
    value: Value
    value_span: Span
    from_list: Name | None = None


@dataclass(frozen=True, slots=True)
class PersonaReference:
    """`persona NAME` inside a condition."""

    persona: Name


@dataclass(frozen=True, slots=True)
class During:
    """`during SCHEDULE`: the fact `time` lies in one of the schedule's windows."""

    schedule: Name


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


Condition = Always | Comparison | PersonaReference | During | Not | All | Any


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
    """owner, stage, environment, sensitivity, residency: for people and for selectors."""

    def label(self, key: str) -> str | None:
        """The value of a label, `kind` included; None when it has none."""
        return self.kind.text if key == "kind" else dict(self.labels).get(key)


Vlan = int | str
"""1..4094, or a VLAN's name on the switch."""


@dataclass(frozen=True, slots=True)
class Segment:
    """Where a session is put. `site_vlans`: the VLAN at sites where it is another than `vlan`; `session`: seconds until
    re-authentication; `filter_id`: the access list on switches that take none from the server; `role`: the role on
    switches that take one; `sgt`: the security group tag; `fallback`: the segment that confines the session where its
    access list cannot be expressed or does not fit.
    """

    name: Name
    vlan: Vlan | None = None
    session: int | None = None
    filter_id: str | None = None
    site_vlans: tuple[tuple[Name, Vlan], ...] = ()
    role: str | None = None
    sgt: int | None = None
    environment: str | None = None
    fallback: Name | None = None


@dataclass(frozen=True, slots=True)
class Persona:
    """A named condition."""

    name: Name
    condition: Condition


@dataclass(frozen=True, slots=True)
class ListDeclaration:
    """`list NAME { "text", ... }`. `spans`: where each value stands."""

    name: Name
    values: tuple[str, ...]
    spans: tuple[Span, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Window:
    """Hours of the clock on some days of the week. `days`: 0 is Monday; `start` and `end`: minutes since midnight, the
    end excluded and at most 1440; an `end` before `start` lies on the next day.
    """

    days: frozenset[int]
    start: int
    end: int
    span: Span


@dataclass(frozen=True, slots=True)
class Schedule:
    """`schedule NAME { ... }`. `zone`: as the IANA time zone database names it. On a date in `excepted` nothing holds,
    and a window that would begin there does not run on into the next day.
    """

    name: Name
    zone: Name
    windows: tuple[Window, ...]
    excepted: frozenset[date] = frozenset()


@dataclass(frozen=True, slots=True)
class Site:
    """`site NAME { ... }`. `clients`: patterns of the names of RADIUS clients that stand there."""

    name: Name
    region: Name | None = None
    clients: tuple[Name, ...] = ()


# --- what statements aim at ---


@dataclass(frozen=True, slots=True)
class Named:
    """One resource by its name."""

    resource: Name


@dataclass(frozen=True, slots=True)
class Labelled:
    """`LABEL VALUE and ...`: the resources that have all these labels."""

    labels: tuple[tuple[str, str], ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Everything:
    """`everything`: all resources, the internet included."""

    span: Span


@dataclass(frozen=True, slots=True)
class OutsideRegion:
    """`residency outside client.region`: the resources that reside elsewhere than where the RADIUS client stands."""

    span: Span


Selector = Named | Labelled | Everything | OutsideRegion


# --- rules. `monitor`: the rule is evaluated and recorded, and changes nothing ---


@dataclass(frozen=True, slots=True)
class Place:
    """`place in SEGMENT when ...`."""

    segment: Name
    condition: Condition
    label: str
    span: Span
    monitor: bool = False


@dataclass(frozen=True, slots=True)
class Reject:
    """`reject "reason" when ...`."""

    reason: str
    condition: Condition
    label: str
    span: Span
    monitor: bool = False


@dataclass(frozen=True, slots=True)
class Allow:
    """`allow SELECTOR, ... when ...`. `resources`: what the selectors name, once resolved."""

    resources: tuple[Name, ...]
    condition: Condition
    label: str
    span: Span
    selectors: tuple[Selector, ...] = ()
    monitor: bool = False


@dataclass(frozen=True, slots=True)
class Forbid:
    """`forbid SELECTOR, ... when ...`. `resources`: what the selectors name, once resolved."""

    resources: tuple[Name, ...]
    condition: Condition
    label: str
    span: Span
    selectors: tuple[Selector, ...] = ()
    monitor: bool = False


Rule = Place | Reject | Allow | Forbid


# --- what a healthy device is ---


@dataclass(frozen=True, slots=True)
class Requirement:
    """`require CHECK ...` or, `forbidden`, `forbid CHECK ...`. `wanted` compares what the check found (its `fact` is
    the check); None takes the check's own word. `label`: as it was written.
    """

    check: Name
    wanted: Comparison | None
    forbidden: bool
    label: str


@dataclass(frozen=True, slots=True)
class Grace:
    """`grace DURATION for CHECK, ...`: for so many seconds after they began to fail these checks are forgiven."""

    seconds: int
    checks: tuple[Name, ...]


@dataclass(frozen=True, slots=True)
class Posture:
    """`posture NAME { ... }`: what is asked of the devices for which `condition` holds. `fresh`, `stale`, `unknown`:
    the age of a report in seconds up to which it is fresh, from which it is stale, and from which nothing is known;
    None where nac.toml says it.
    """

    name: Name
    condition: Condition
    requirements: tuple[Requirement, ...] = ()
    graces: tuple[Grace, ...] = ()
    fresh: int | None = None
    stale: int | None = None
    unknown: int | None = None


# --- what must stay true ---


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose sessions an invariant speaks of. `kind` persona or segment with its `name`, environment with the label's
    value as `name` (sessions in segments of that environment), or anyone without a name.
    """

    kind: Literal["persona", "segment", "environment", "anyone"]
    name: Name | None
    span: Span


@dataclass(frozen=True, slots=True)
class Never:
    """`never SUBJECT reaches SELECTOR, ... when ...`. `resources`: what the selectors name, once resolved."""

    subject: Subject
    resources: tuple[Name, ...]
    condition: Condition
    label: str
    span: Span
    selectors: tuple[Selector, ...] = ()


@dataclass(frozen=True, slots=True)
class Only:
    """`only SUBJECT reaches SELECTOR, ...`. `resources`: what the selectors name, once resolved."""

    subject: Subject
    resources: tuple[Name, ...]
    label: str
    span: Span
    selectors: tuple[Selector, ...] = ()


Invariant = Never | Only


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
    lists: tuple[ListDeclaration, ...] = ()
    schedules: tuple[Schedule, ...] = ()
    sites: tuple[Site, ...] = ()
    postures: tuple[Posture, ...] = ()
    rules: tuple[Rule, ...] = ()
    invariants: tuple[Invariant, ...] = ()
    tests: tuple[Test, ...] = ()

    def persona_conditions(self) -> dict[str, Condition]:
        """What each persona stands for."""
        return {persona.name.text: persona.condition for persona in self.personas}

    def schedules_by_name(self) -> dict[str, Schedule]:
        """Every schedule by its name."""
        return {schedule.name.text: schedule for schedule in self.schedules}
