"""hostapd at one port: its configuration, its process, its control interface."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lab.campus.hostap import Control
from lab.campus.plan import SwitchPlan

RELAY_PORT: Final = 1812
ACCOUNTING_PORT: Final = 1813
_ETHERNET: Final = 15
"""NAS-Port-Type (RFC 2865 5.41); hostapd's own word for a wired port is that of wireless."""

_CONFIGURATION: Final = """\
interface={link}
driver=wired
ctrl_interface={control}
logger_stdout=-1
logger_stdout_level=2
ieee8021x=1
eapol_version=2
use_pae_group_addr=1
eap_reauth_period=0
own_ip_addr={switch.address}
nas_identifier={switch.name}
auth_server_addr=127.0.0.1
auth_server_port={authentication}
auth_server_shared_secret={secret}
acct_server_addr=127.0.0.1
acct_server_port={accounting}
acct_server_shared_secret={secret}
radius_auth_req_attr=61:d:{ethernet}
radius_auth_req_attr=87:s:{link}
radius_acct_req_attr=61:d:{ethernet}
radius_acct_req_attr=87:s:{link}
"""


@dataclass
class Authenticator:
    """A running hostapd."""

    process: subprocess.Popen[bytes]
    control: Control

    @classmethod
    def start(cls, switch: SwitchPlan, link: str, folder: Path, secret: str) -> Authenticator:
        """Start it at an interface that is up, and wait until it listens. Raises `LabError`."""
        control = folder / "hostapd"
        configuration = folder / f"{link}.conf"
        text = _CONFIGURATION.format(
            link=link,
            control=control,
            switch=switch,
            secret=secret,
            authentication=RELAY_PORT,
            accounting=ACCOUNTING_PORT,
            ethernet=_ETHERNET,
        )
        configuration.touch(mode=0o600)
        configuration.write_text(text)
        control.mkdir(exist_ok=True)  # the last hostapd that ended has taken it along
        with (folder / f"{link}.log").open("ab") as log:
            process = subprocess.Popen(
                ["hostapd", str(configuration)], stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        return cls(process, Control(control / link))

    def greet(self, mac: str) -> None:
        """Begin with a station before it has said anything."""
        self.control.ask(f"NEW_STA {mac.replace('-', ':').lower()}")

    def knows(self, mac: str) -> bool:
        """Whether hostapd still has the station; for some seconds after its end it has."""
        return self.control.ask(f"STA {mac.replace('-', ':').lower()}") not in ("", "FAIL")

    def drop(self, mac: str) -> None:
        """End the station's session: it must begin anew."""
        self.control.ask(f"DEAUTHENTICATE {mac.replace('-', ':').lower()}")

    def again(self, mac: str) -> None:
        """Make the station authenticate once more; until it has, it keeps what it has."""
        self.control.ask(f"EAPOL_REAUTH {mac.replace('-', ':').lower()}")

    def stop(self) -> None:
        """End hostapd; it tells the server that its sessions ended."""
        self.control.close()
        self.process.terminate()
        self.process.wait()
