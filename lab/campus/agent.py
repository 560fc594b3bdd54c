"""The posture agent on a host: `nac agent run` in its namespace, with the device's own key and a boot of its own.

All hosts share the kernel of this machine, so its boot id and machine-id would make them one machine to the server.
Each agent therefore sees two files of its own in their places; all else that it finds is as it is in the namespace.
"""

from __future__ import annotations

import subprocess
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lab.campus import firewall, namespace
from lab.campus.nac_home import PROGRAM, SERVER_NAME
from lab.campus.plan import NAC, POSTURE_PORT
from lab.campus.supplicant import Certificate
from nac.agent.config import render_agent_config

TAG: Final = "agent"
"""Of devices that carry one; `agent.policy` decides by it."""

_SEEN_AT: Final = ("/proc/sys/kernel/random/boot_id", "/etc/machine-id")
_AS_A_MACHINE_OF_ITS_OWN: Final = (
    f'mount --bind "$1" {_SEEN_AT[0]} && mount --bind "$2" {_SEEN_AT[1]} && shift 2 && exec "$@"'
)


@dataclass(frozen=True)
class AgentHome:
    """The files of one device's agent, which stay while its host comes and goes."""

    folder: Path

    @classmethod
    def make(cls, folder: Path, certificate: Certificate) -> AgentHome:
        """New, for the device with this certificate. Its agent leaves the file systems of this machine unsearched."""
        folder.mkdir(parents=True)
        home = cls(folder)
        home.settings.write_text(
            render_agent_config(
                {
                    "server.url": f"https://{NAC}:{POSTURE_PORT}",
                    "server.name": SERVER_NAME,
                    "server.ca": certificate.root,
                    "device.certificate": certificate.chain,
                    "device.key": certificate.key,
                    "report.state": folder / "state",
                    "checks.approved_folders": ["/"],
                }
            )
        )
        home.boot_id.write_text(f"{uuid.uuid4()}\n")
        home.machine_id.write_text(f"{uuid.uuid4().hex}\n")
        firewall.write(home.firewall)
        return home

    @property
    def settings(self) -> Path:
        """`agent.toml`."""
        return self.folder / "agent.toml"

    @property
    def firewall(self) -> Path:
        """The rules that its check wants; to be run on its host."""
        return self.folder / "firewall.nft"

    @property
    def machine_id(self) -> Path:
        """machine-id(5)."""
        return self.folder / "machine-id"

    @property
    def boot_id(self) -> Path:
        """The same for good: the uptime beside it in a report is that of this machine."""
        return self.folder / "boot_id"

    @property
    def log(self) -> Path:
        """What the agent says."""
        return self.folder / "log"

    def start(self, place: str) -> subprocess.Popen[bytes]:
        """Run the agent in the namespace `place`. It ends with the namespace."""
        return namespace.start(place, *self._words("run"), log=self.log)

    def says(self, place: str, *words: str) -> str:
        """What `nac agent ...` prints on this host. Raises `LabError` when it fails."""
        return namespace.command("ip", "netns", "exec", place, *self._words(*words))

    def _words(self, *words: str) -> list[str]:
        """`nac agent ...` as this machine; `ip netns exec` has given it mounts of its own."""
        program = [str(PROGRAM), "agent", "-f", str(self.settings), *words]
        return ["sh", "-c", _AS_A_MACHINE_OF_ITS_OWN, "sh", str(self.boot_id), str(self.machine_id), *program]
