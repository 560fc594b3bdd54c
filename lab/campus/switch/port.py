"""A port: closed to everything but EAPOL until a grant opens it, then in a VLAN behind an access list.

VLANs are bridges, for not every kernel has bridges with VLAN filtering; the list is a chain at the interface's ingress,
so it sees what the host sends before any bridge or route does. One host at a port: frames from other addresses than the
session's are dropped.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Literal

from lab.campus import namespace
from lab.campus.plan import SwitchPlan
from lab.campus.switch.grant import Grant, expressions

DEFAULT_VLAN = 1

Method = Literal["802.1X", "MAB"]


@dataclass
class Session:
    """Who is at a port. `ends_at`: monotonic seconds, None without Session-Timeout of ours."""

    mac: str
    user: str
    method: Method
    grant: Grant
    accounting: str | None = None
    """Acct-Session-Id."""
    class_: bytes | None = None
    ends_at: float | None = None
    since: float = field(default_factory=time.time)


@dataclass
class Port:
    """`link` is the interface in the switch's namespace; `session` None while the port is closed."""

    switch: SwitchPlan
    number: int
    session: Session | None = None
    refused: int = 0
    """Access-Rejects since it was plugged in."""

    @property
    def link(self) -> str:
        return f"p{self.number}"

    @property
    def address(self) -> str:
        """Of the host behind it."""
        return self.switch.host(self.number)

    @property
    def vlan(self) -> int | None:
        """Where its host is; None while closed."""
        return (self.session.grant.vlan or DEFAULT_VLAN) if self.session is not None else None

    def open(self, session: Session) -> None:
        """Let the session pass what its grant permits, from now on. A change replaces the list at one moment."""
        bridge = self._bridge(session.grant.vlan or DEFAULT_VLAN)
        source = f"ether saddr != {session.mac.replace('-', ':').lower()} drop"
        self._filter([source, "ether type arp accept", *expressions(session.grant.rules)])
        namespace.command("ip", "link", "set", self.link, "master", bridge)
        neighbour = f"neigh replace {self.address} lladdr {session.mac.replace('-', ':')} dev {bridge} nud permanent"
        namespace.batch([f"route replace {self.address}/32 dev {bridge}", neighbour])
        self.session = session

    def close(self) -> None:
        """Nothing but EAPOL from now on, in either direction."""
        self._filter([])
        namespace.command("ip", "link", "set", self.link, "nomaster")
        if self.session is not None:
            namespace.command("ip", "route", "flush", f"{self.address}/32")
        self.session = None

    def listed(self) -> str:
        """The list in force, with its counters, as `nft` prints it."""
        return namespace.command("nft", "list", "table", "netdev", self.link)

    def _filter(self, lines: list[str]) -> None:
        rules = "\n".join(f"    {line}" for line in ["ether type 0x888e accept", *lines])
        hook = f'type filter hook ingress device "{self.link}" priority 0; policy drop;'
        table = f"table netdev {self.link}"
        text = f"{table}\ndelete {table}\n{table} {{\n  chain ingress {{\n    {hook}\n{rules}\n  }}\n}}\n"
        namespace.command("nft", "-f", "-", text=text)

    def _bridge(self, vlan: int) -> str:
        """The VLAN, made when its first host comes."""
        name = f"vlan{vlan}"
        if name not in {line.split()[1].rstrip(":").partition("@")[0] for line in _links()}:
            lines = [
                f"link add {name} address {self.switch.mac} type bridge forward_delay 0",
                f"addr add {self.switch.gateway}/32 dev {name}",
            ]
            namespace.batch([*lines, f"link set {name} up"])
        return name


def _links() -> list[str]:
    return namespace.command("ip", "-o", "link", "show", "type", "bridge").splitlines()
