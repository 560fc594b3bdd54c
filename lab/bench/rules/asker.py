"""Asks a server with the one address that the rules are about."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass

from lab.bench.rules.text import ASKED, mac
from lab.bench.running_server import RunningServer
from lab.bench.supplicant import Supplicant


@dataclass(frozen=True)
class Asker(Supplicant):
    """A supplicant that takes a server for ready when it accepts that address."""

    def vlan(self, server: RunningServer) -> int | None:
        """The VLAN that the address gets (MAC authentication bypass); None when it gets none, or no answer."""
        arguments = ["auth", "--json", "--timeout-ms", "300", "--transmissions", "1", "--mab", mac(ASKED)]
        done = subprocess.run(
            [self.binary, *arguments, *self._towards(server)], capture_output=True, text=True, timeout=30, check=False
        )
        if done.returncode != 0:
            return None
        vlan: str | None = json.loads(done.stdout)["authentications"][-1]["grant"]["vlan"]
        return None if vlan is None else int(vlan)

    def answers(self, server: RunningServer) -> bool:
        """True when the address is put somewhere."""
        return self.vlan(server) is not None
