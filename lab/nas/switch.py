"""A simulated switch of one make, whole: it asks the server for a device, opens the port as far as its make can apply
the answer, tells of the session, and takes changes of authorization. Ask `may_pass` what then passes.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from lab.nas import das, radius
from lab.nas.attributes import enforcing
from lab.nas.das import Address, Das, Port
from lab.nas.dialects.on_switch import OnSwitch
from lab.nas.dialects.received import Attribute, LoginRefusedError
from lab.nas.flow_table import Flow, FlowTable
from lab.nas.hardware import Hardware
from lab.nas.makes import make_for
from lab.nas.radius import Attributes

_HEADER: Final = 20
_MOST_PAGES: Final = 64
_NAMES_SESSIONS: Final = frozenset({"cisco-ios-xe", "cisco-9800", "meraki", "dell-n"})
"""Makes that say `audit-session-id` when they ask."""


class Switch:
    """`dialect`: what it is set up for, as `nac client add --dialect` names it. `source`: its own address.

    `das`: its side of RFC 5176, with the faults that can be set there. `hardware`: what passes.
    """

    def __init__(self, dialect: str, secret: bytes, *, source: str, lists: OnSwitch | None = None) -> None:
        self.server = ("", 0)
        self.hardware = Hardware(dialect, self._download, lists or {})
        self.das = Das(make_for(dialect), secret, source=source, enforcement=self.hardware)
        self._numbers = itertools.count(1)

    @property
    def address(self) -> Address:
        """Where it takes changes of authorization."""
        return self.das.address

    def knows(self, server: Address, accounting: Address) -> None:
        """Where it asks, and where it tells of sessions."""
        self.server, self.das.accounting = server, accounting

    def plug_in(self, mac: str) -> bool:
        """A silent device is plugged in; whether it is on the network. `mac` in the form of IEEE 802."""
        number = next(self._numbers)
        audit = f"0A000001{number:08X}" if self.das.make.name in _NAMES_SESSIONS else None
        port = Port(mac, f"{number:08X}", lambda: self._login(mac, audit), audit)
        if not port.login():
            return False
        self.das.begin(port)
        return True

    def table(self, mac: str) -> FlowTable:
        """What a device has."""
        return self.hardware.table(mac)

    def may_pass(self, mac: str, flow: Flow) -> bool:
        """Whether packets of this flow leave the device's port."""
        return self.hardware.may_pass(mac, flow)

    def _login(self, mac: str, audit: str | None) -> bool:
        said = [radius.vendor(9, 1, f"audit-session-id={audit}")] if audit is not None else []
        reply = das.ask(self.server, self.das.secret, das.mab(mac, *said), source=self.das.source)
        return reply[0] == radius.ACCESS_ACCEPT and self.hardware.admit(mac, reply)

    def _download(self, name: str) -> Sequence[Attribute]:
        """All pages of a list, as docs/vendors/cisco-dacl.md has it. Raises `LoginRefusedError`."""
        asked = [
            *das.IDENTITY,
            (radius.USER_NAME, name.encode()),
            radius.vendor(9, 1, "aaa:service=ip_admission"),
            radius.vendor(9, 1, "aaa:event=acl-download"),
        ]
        found: list[Attribute] = []
        state: Attributes = []
        for _ in range(_MOST_PAGES):
            reply = das.ask(self.server, self.das.secret, [*asked, *state], source=self.das.source)
            if reply[0] not in (radius.ACCESS_ACCEPT, radius.ACCESS_CHALLENGE):
                break
            found += enforcing(reply[_HEADER:])
            if reply[0] == radius.ACCESS_ACCEPT:
                return found
            state = [one for one in radius.decode(reply) if one[0] == radius.STATE]
        raise LoginRefusedError(f"{name} is not to be had")


@contextmanager
def plugged(switch: Switch) -> Iterator[Switch]:
    """Takes changes of authorization for the time of a `with` block, on a port of the kernel's choice."""
    with das.serving(switch.das):
        yield switch
