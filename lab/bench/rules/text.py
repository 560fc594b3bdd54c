"""N rules of the same meaning in the languages of the servers: who has this MAC address gets that VLAN.

`nac-supplicant load --macs 1` asks with 02-00-00-00-00-00 alone. One rule names that address, all others do not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Place = Literal["middle", "last"]

ASKED = 0
"""Number of the address that is asked for."""

VLANS: dict[Place, int] = {"middle": 1001, "last": 1002}
"""What the rule that is asked for answers with, by where it stands: the reply shows which text a server runs."""

_OTHER_VLANS = range(100, 120)

_BRANCH = """\
{keyword} {{
    update control {{
        Auth-Type := Accept
    }}
    update reply {{
        Tunnel-Type := VLAN
        Tunnel-Medium-Type := IEEE-802
        Tunnel-Private-Group-Id := "{vlan}"
    }}
}}
"""

_USER = """\
{name} Auth-Type := Accept
    Tunnel-Type = VLAN, Tunnel-Medium-Type = IEEE-802, Tunnel-Private-Group-Id = "{vlan}"
"""


@dataclass(frozen=True)
class Rule:
    """`number` names an address, a device and a user."""

    number: int
    vlan: int


@dataclass(frozen=True)
class Statement:
    """A rule of nac: `target` is a segment (place) or a resource (allow), the condition `fact = "value"`."""

    effect: Literal["place", "allow"]
    target: str
    fact: str
    value: str

    def text(self) -> str:
        """As it stands in a policy."""
        return f'{self.effect}{" in" if self.effect == "place" else ""} {self.target} when {self.fact} = "{self.value}"'


@dataclass(frozen=True)
class Rules:
    """`count` rules, the one that is asked for in the `place`."""

    count: int
    place: Place

    def rules(self) -> Iterator[Rule]:
        """In order."""
        asked_at = self.count - 1 if self.place == "last" else self.count // 2
        for position in range(self.count):
            if position == asked_at:
                yield Rule(ASKED, VLANS[self.place])
            else:
                yield Rule(position + 1, _OTHER_VLANS[position % len(_OTHER_VLANS)])

    def statements(self) -> list[Statement]:
        """nac's rules: over the MAC address, the device, the user; every fourth one opens a resource."""
        return [_statement(rule) for rule in self.rules()]

    def asked_segment(self) -> str:
        """Name of nac's segment for the address that is asked for."""
        return _segment(VLANS[self.place])

    def segments(self) -> dict[str, int]:
        """Names of nac's segments and their VLANs."""
        return {_segment(vlan): vlan for vlan in (*_OTHER_VLANS, VLANS[self.place])}

    def resources(self) -> list[str]:
        """Names of nac's resources."""
        return [f"resource-{vlan}" for vlan in _OTHER_VLANS]


def chain(rules: Rules) -> str:
    """FreeRADIUS: one `if` and its `elsif`s."""
    return "".join(
        _BRANCH.format(
            keyword=f'{"elsif" if position else "if"} (&User-Name == "{_user_name(rule)}")',
            vlan=rule.vlan,
        )
        for position, rule in enumerate(rules.rules())
    )


def switch(rules: Rules) -> str:
    """FreeRADIUS: one `switch`."""
    cases = (_BRANCH.format(keyword=f'case "{_user_name(rule)}"', vlan=rule.vlan) for rule in rules.rules())
    return f"switch &User-Name {{\n{''.join(cases)}}}\n"


def users(rules: Rules) -> str:
    """FreeRADIUS: the file that its `files` module reads."""
    return "".join(_USER.format(name=_user_name(rule), vlan=rule.vlan) for rule in rules.rules())


def policy(rules: Rules) -> str:
    """nac: segments, resources, and one statement per rule."""
    segments = [f"segment {name} {{ vlan {vlan} }}" for name, vlan in rules.segments().items()]
    resources = [
        f"resource {name} {{ kind other  address 10.0.{number}.0/24 }}" for number, name in enumerate(rules.resources())
    ]
    statements = [statement.text() for statement in rules.statements()]
    return "\n".join([*segments, *resources, *statements, ""])


def mac(number: int) -> str:
    """The address as nac and `nac-supplicant auth` write it."""
    return (b"\x02\x00" + number.to_bytes(4, "big")).hex("-")


def _user_name(rule: Rule) -> str:
    """The address as a NAS sends it for MAC authentication bypass."""
    return mac(rule.number).replace("-", "")


def _segment(vlan: int) -> str:
    return f"vlan-{vlan}"


def _statement(rule: Rule) -> Statement:
    place = _segment(rule.vlan)
    by_address = Statement("place", place, "mac", mac(rule.number))
    if rule.number == ASKED:
        return by_address
    return (
        Statement("allow", f"resource-{rule.vlan}", "mac", mac(rule.number)),
        by_address,
        Statement("place", place, "device.name", f"printer-{rule.number}"),
        Statement("place", place, "user.name", f"user-{rule.number}@bench.example"),
    )[rule.number % 4]
