"""The flow tables of a simulated switch: what an Access-Accept or a CoA-Request becomes, by the device's address.

The switch reads what it was sent in the words of its dialect, with the limits and refusals of its make. What it cannot
apply does not open a port.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from lab.nas import radius
from lab.nas.attributes import enforcing
from lab.nas.dialects import Fetch, rules
from lab.nas.dialects.on_switch import OnSwitch
from lab.nas.dialects.received import Attribute, LoginRefusedError, values
from lab.nas.flow_table import CLOSED, Flow, FlowTable
from lab.nas.makes import INVALID_VALUE, make_for
from lab.nas.radius import Attributes

_HEADER: Final = 20
_VLAN: Final = "Tunnel-Private-Group-Id"
_TUNNEL: Final = ("Tunnel-Type", "Tunnel-Medium-Type", _VLAN)
_VLAN_ONLY_WITH_NAME: Final = frozenset({"hostapd"})
"""`dynamic_vlan=2`, as `nac client snippet` sets it up: a login without a VLAN is refused."""


def _no_lists(name: str) -> Sequence[Attribute]:
    raise LoginRefusedError(f"this switch fetches no lists, and {name} is one")


@dataclass
class Hardware:
    """`dialect`: what the switch is set up for. `fetch`: asks for a downloadable list. `lists`: what it has on itself.

    `refusals`: why what the server accepted was not applied, by address.
    """

    dialect: str
    fetch: Fetch = _no_lists
    lists: OnSwitch = field(default_factory=lambda: MappingProxyType({}))
    refusals: dict[str, str] = field(default_factory=dict)
    _sent: dict[str, Sequence[Attribute]] = field(default_factory=dict)
    _tables: dict[str, FlowTable] = field(default_factory=dict)

    @property
    def tables(self) -> Mapping[str, FlowTable]:
        """Of the ports that are open."""
        return self._tables

    def table(self, mac: str) -> FlowTable:
        """What a device has; of one without a session `CLOSED`."""
        return self._tables.get(mac, CLOSED)

    def may_pass(self, mac: str, flow: Flow) -> bool:
        """Whether packets of this flow leave the device's port."""
        return self.table(mac).may_pass(flow)

    def admit(self, mac: str, accept: bytes) -> bool:
        """Open the port as an Access-Accept says; False when this make does not let such a session on."""
        try:
            self._apply(mac, enforcing(accept[_HEADER:]))
        except LoginRefusedError as refusal:
            self.refusals[mac] = str(refusal)
            self.end(mac)
            return False
        return True

    def refuses(self, mac: str, attributes: Attributes) -> int | None:
        """See `das.Enforcement`: what it cannot read is answered with 407, and everything stays as it is."""
        try:
            self._read(self._after(mac, attributes))
        except LoginRefusedError as refusal:
            self.refusals[mac] = str(refusal)
            return INVALID_VALUE
        return None

    def change(self, mac: str, attributes: Attributes) -> None:
        """See `das.Enforcement`. Raises `LoginRefusedError` for what `refuses` names."""
        self._apply(mac, self._after(mac, attributes))

    def end(self, mac: str) -> None:
        """See `das.Enforcement`."""
        self._sent.pop(mac, None)
        self._tables.pop(mac, None)

    def _after(self, mac: str, attributes: Attributes) -> Sequence[Attribute]:
        """What is in force after a change: a new VLAN leaves the list, a new list leaves the VLAN."""
        new, old = enforcing(radius.encode(attributes)), self._sent.get(mac, ())
        has_vlan = any(name in _TUNNEL for name, _ in new)
        has_list = any(name not in _TUNNEL for name, _ in new)
        if self.dialect.startswith("aos-cx") and has_list and values(old, "Aruba-User-Role"):
            raise LoginRefusedError("a session with a role takes another role, and no rules")
        replaces_list = has_list and not make_for(self.dialect).adds
        kept = [one for one in old if not (has_vlan if one[0] in _TUNNEL else replaces_list)]
        return [*kept, *new]

    def _apply(self, mac: str, attributes: Sequence[Attribute]) -> None:
        self._tables[mac] = self._read(attributes)
        self._sent[mac] = attributes
        self.refusals.pop(mac, None)

    def _read(self, attributes: Sequence[Attribute]) -> FlowTable:
        vlan = _vlan(attributes)
        if vlan is None and self.dialect.partition("+")[0] in _VLAN_ONLY_WITH_NAME:
            raise LoginRefusedError("no VLAN")
        return FlowTable(vlan, tuple(rules(self.dialect, attributes, self.fetch, self.lists)))


def _vlan(attributes: Sequence[Attribute]) -> str | None:
    """Tunnel-Private-Group-Id (RFC 3580 3.31), behind a tag or not (RFC 2868 3.6); of several the first."""
    found = [value for name, value in attributes if name == _VLAN]
    if not found:
        return None
    if {name for name, _ in attributes if name in _TUNNEL} != set(_TUNNEL):
        raise LoginRefusedError("a VLAN needs all three tunnel attributes")
    text = found[0][1:] if found[0][:1] <= b"\x1f" else found[0]
    if not text.isdigit() or not 1 <= int(text) <= 4094:
        raise LoginRefusedError(f"{text!r} is no VLAN")
    return text.decode()
