"""wpa_supplicant at a host's wired interface: the real peer, as a laptop has it."""

from __future__ import annotations

import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from lab.campus import namespace
from lab.campus.hostap import Control
from lab.campus.nac_home import SERVER_NAME, until

Ended = Literal["accepted", "refused", "silent"]

_VERSIONS: Final = ("1.0", "1.1", "1.2", "1.3")

PATIENCE_S: Final = 20.0

_CONFIGURATION: Final = """\
ctrl_interface={control}
ap_scan=0
fast_reauth=1
network={{
  key_mgmt=IEEE8021X
  eap=TLS
  eapol_flags=0
  identity="{identity}"
  ca_cert="{certificate.root}"
  client_cert="{certificate.chain}"
  private_key="{certificate.key}"
  domain_match="{server_name}"
  phase1="{versions}"
}}
"""


@dataclass(frozen=True)
class Certificate:
    """Files of one device: `chain` leaf first, its `key`, and the `root` that its supplicant trusts."""

    chain: Path
    key: Path
    root: Path


@dataclass
class Supplicant:
    """A running wpa_supplicant."""

    process: subprocess.Popen[bytes]
    control: Control
    log: Path

    @classmethod
    def start(cls, place: str, folder: Path, identity: str, certificate: Certificate, tls: str) -> Supplicant:
        """Start it in the namespace `place`; wait until it listens. `tls`: "1.2" or "1.3"."""
        control, log = folder / "wpa", folder / "wpa_supplicant.log"
        configuration = folder / "wpa_supplicant.conf"
        text = _CONFIGURATION.format(
            control=control,
            identity=identity,
            certificate=certificate,
            server_name=SERVER_NAME,
            versions=" ".join(f"tls_disable_tlsv{one.replace('.', '_')}={int(one != tls)}" for one in _VERSIONS),
        )
        configuration.write_text(text)
        control.mkdir(parents=True)
        words = ["wpa_supplicant", "-D", "wired", "-i", "eth0", "-c", str(configuration), "-d", "-t"]
        process = namespace.start(place, *words, log=log)
        started = cls(process, Control(control / "eth0"), log)
        until(
            lambda: True if "ASSOCIATED" in started.control.ask("STATUS") else None,
            "it listens",
            alive=[process],
            log=log,
        )
        return started

    def ended(self, *, timeout_s: float = PATIENCE_S) -> Ended:
        """How the authentication that is under way, or comes next, ends."""
        deadline = time.monotonic() + timeout_s
        while (left := deadline - time.monotonic()) > 0:
            event = self.control.event(left) or ""
            if event.startswith("CTRL-EVENT-EAP-SUCCESS"):
                return "accepted"
            if event.startswith("CTRL-EVENT-EAP-FAILURE"):
                return "refused"
        return "silent"

    def again(self) -> None:
        """Authenticate once more, of its own accord (EAPOL-Start); what happened before is forgotten."""
        while self.control.event(0) is not None:
            pass
        self.control.ask("REASSOCIATE")

    def logoff(self) -> None:
        """EAPOL-Logoff."""
        self.control.ask("LOGOFF")

    def becomes(self, identity: str, certificate: Certificate) -> None:
        """Authenticate as somebody else the next time."""
        for name, value in (
            ("identity", identity),
            ("client_cert", certificate.chain),
            ("private_key", certificate.key),
        ):
            self.control.ask(f'SET_NETWORK 0 {name} "{value}"')

    def resumed(self) -> bool:
        """Whether the newest TLS handshake was a resumption, as OpenSSL says it."""
        said = [line for line in self.log.read_text(errors="replace").splitlines() if "Handshake finished" in line]
        return bool(said) and said[-1].endswith("resumed=1")

    def stop(self) -> None:
        """End it."""
        self.control.close()
        self.process.terminate()
        self.process.wait()
