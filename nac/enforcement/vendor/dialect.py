"""What every dialect can say: a segment, and a line of an access list. Text only: `nac.enforcement.layout` encodes.

A plain vendor name sends nothing that must be written on the spot: the VLAN, the group tag, and a role or the name of a
list that is on the switch. With a suffix the switch is sent access lists:

    NAME          VLAN, and role or Filter-Id: `named`
    NAME+ipv4     lists for IPv4; the switch's ports must block IPv6, of which such a list says nothing
    NAME+ipv6     lists for IPv4 and IPv6

The suffix is part of the name, so that it needs no setting of its own in the database, the snapshot or the command
line, and is read wherever the dialect is read. Choosing it says: this switch is set up for it, as its page says.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from nac.enforcement.access_list import AccessLine
from nac.enforcement.budget import Budget
from nac.policy.model import Segment

IPV4: Final = frozenset({4})
BOTH: Final = frozenset({4, 6})


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute before it is encoded: its name in the dictionaries and its value as text.

    `end`: what parts the value from the next attribute's on the wire, none behind the last; people are not shown it.
    """

    name: str
    value: str
    end: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lists:
    """How a dialect writes access lists.

    `line`: one line as an attribute; its number grows from line to line over the whole list. `families`: the IP
    versions it has lines for. `ports`: "ranges" of ports, ports with "masks", or "single" ports. `whole_destination`:
    a line may name every address. `header`: stands once before the first line. `weight`: what a line counts towards
    `Budget.lines`. `downloaded`: the Access-Accept carries the list's name, the switch asks for the lines. `distinct`:
    two equal lines may fail the list.
    """

    line: Callable[[AccessLine, int], Attribute]
    families: frozenset[int] = BOTH
    ports: Literal["ranges", "masks", "single"] = "ranges"
    whole_destination: bool = True
    header: tuple[Attribute, ...] = ()
    weight: Callable[[AccessLine], int] = lambda line: 1
    downloaded: bool = False
    distinct: bool = False


Naming = Callable[[Segment], "list[Attribute]"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """One way of enforcing a decision. `name`: as a RADIUS client's `dialect` names it. `budget`: for one session's
    list.

    `placed`: the VLAN and what may stand beside an access list. `named`: a role or the name of a list on the switch;
    never in one reply with a list, which several switches refuse. `lists`: None when the server sends no access
    lists.
    """

    name: str
    placed: Naming
    named: Naming
    budget: Budget = field(default_factory=Budget)
    lists: Lists | None = None

    @property
    def in_line(self) -> bool:
        """False when the switch takes no access list from the server: segments alone enforce."""
        return self.lists is not None

    def segment(self, segment: Segment) -> list[Attribute]:
        """The attributes that put a session in a segment, beside its access list if there is one."""
        return self.placed(segment) if self.in_line else self.confined(segment)

    def confined(self, segment: Segment) -> list[Attribute]:
        """The attributes that put a session in a segment and confine it without an access list from the server."""
        return [*self.placed(segment), *self.named(segment)]


def variants(plain: Dialect, lists: Lists, families: Sequence[frozenset[int]]) -> tuple[Dialect, ...]:
    """`plain`, and one dialect with lists for each of `families`; the budget counts for those."""
    with_lists = (
        replace(plain, name=f"{plain.name}+ipv{max(versions)}", lists=replace(lists, families=versions))
        for versions in families
    )
    return (plain, *with_lists)


def vlan(segment: Segment) -> list[Attribute]:
    """The VLAN of RFC 3580 3.31, tag 0; nothing when the segment leaves the VLAN to the switch."""
    if segment.vlan is None:
        return []
    return [
        Attribute("Tunnel-Type", "VLAN"),
        Attribute("Tunnel-Medium-Type", "IEEE-802"),
        Attribute("Tunnel-Private-Group-Id", str(segment.vlan)),
    ]


def vlan_and_group_tag(segment: Segment) -> list[Attribute]:
    """The VLAN, and Cisco's security group tag: four hexadecimal digits and a generation."""
    tag = [] if segment.sgt is None else [Attribute("Cisco-AVPair", f"cts:security-group-tag={segment.sgt:04x}-00")]
    return vlan(segment) + tag


def nothing(segment: Segment) -> list[Attribute]:
    """For switches on which nothing but the VLAN can be named."""
    return []


def filter_id(segment: Segment) -> list[Attribute]:
    """The name of a list on the switch (RFC 2865 5.11)."""
    return [] if segment.filter_id is None else [Attribute("Filter-Id", segment.filter_id)]


def role_in(attribute: str, *, otherwise: Naming = filter_id) -> Naming:
    """The segment's role in `attribute`; `otherwise` for segments without a role."""

    def named(segment: Segment) -> list[Attribute]:
        return otherwise(segment) if segment.role is None else [Attribute(attribute, segment.role)]

    return named
