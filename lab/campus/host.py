"""A device on the campus: a namespace, a cable into a switch's port, and perhaps a supplicant."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import Any

from lab.campus import links, namespace
from lab.campus.plan import SwitchPlan
from lab.campus.state import Lab
from lab.campus.supplicant import Certificate, Supplicant
from lab.campus.switch.ask import ask


@dataclass
class Host:
    """`mac` in the form `02:00:5e:00:00:01`. A host is plugged in at one port at a time."""

    lab: Lab
    name: str
    mac: str
    switch: SwitchPlan | None = None
    port: int = 0
    supplicant: Supplicant | None = None

    @property
    def place(self) -> str:
        """Its namespace."""
        return self.lab.namespace(f"h-{self.name}")

    @property
    def address(self) -> str:
        """Its address at the present port."""
        assert self.switch is not None, f"{self.name} is not plugged in"
        return self.switch.host(self.port)

    def plug(self, switch: SwitchPlan, port: int) -> None:
        """Put the cable into a port. The link is up at once; nothing passes before the switch lets it.

        The host knows the gateway's address beforehand, so what it sends is stopped by the port or by nothing.
        """
        self.unplug()
        end, near = self.place, self.lab.namespace(switch.name)
        links.make(end)
        try:
            links.plug(near, f"p{port}", end, self.mac)
            ask(self.lab.switch(switch.name), "plug", port=port)
        except BaseException:
            namespace.remove([end])
            raise
        gateway = f"neigh add {switch.gateway} lladdr {switch.mac} dev eth0 nud permanent"
        lines = [f"addr add {switch.host(port)}/24 dev eth0", "link set eth0 up", gateway]
        namespace.batch([*lines, f"route add default via {switch.gateway}"], end)
        self.switch, self.port = switch, port

    def unplug(self) -> None:
        """Pull the cable, and end what runs on the host."""
        if self.supplicant is not None:
            self.supplicant.stop()
            self.supplicant = None
        if self.switch is not None:
            ask(self.lab.switch(self.switch.name), "unplug", port=self.port)
            namespace.batch([f"link delete p{self.port}"], self.lab.namespace(self.switch.name))
            namespace.remove([self.place])
            self.switch = None

    def sign_in(self, identity: str, certificate: Certificate, *, tls: str) -> None:
        """Start the supplicant; `supplicant.ended` tells what came of it.

        The link was up before the supplicant was; so the switch is told to greet it, which spares EAPOL-Start's delay.
        """
        assert self.switch is not None, f"{self.name} is not plugged in"
        folder = self.lab.host(self.name)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self.supplicant = Supplicant.start(self.place, folder, identity, certificate, tls)
        ask(self.lab.switch(self.switch.name), "greet", port=self.port, mac=self.mac)

    def asked_again(self) -> None:
        """Let the switch have it authenticate once more, as it does when Session-Timeout is over."""
        assert self.switch is not None, f"{self.name} is not plugged in"
        ask(self.lab.switch(self.switch.name), "again", port=self.port)

    def seen(self) -> dict[str, Any]:
        """What the switch tells of this host's port."""
        assert self.switch is not None
        for told in ask(self.lab.switch(self.switch.name), "ports"):
            if told["port"] == self.port:
                return dict(told)
        raise AssertionError(f"{self.switch.name} knows nothing of its port {self.port}")
