"""The devices' side: Debian's eapol_test where it is installed, else nac's own supplicant over the same UDP."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from lab.demo.estate import SERVER_NAME, SWITCH, USER, Certificate
from nac.pki.keystore import PRIVATE, replace_file

TIMEOUT_S = 30.0

_ETHERNET = "15"
"""NAS-Port-Type (RFC 2865 5.41)."""

_NETWORK = """\
network={{
    key_mgmt=IEEE8021X
    eap=TLS
    identity="{user}"
    ca_cert="{certificate.root}"
    client_cert="{certificate.chain}"
    private_key="{certificate.key}"
    domain_match="{server_name}"
    phase1="tls_disable_tlsv1_0=1 tls_disable_tlsv1_1=1 tls_disable_tlsv1_2=0 tls_disable_tlsv1_3=0"
}}
"""


@dataclass(frozen=True)
class Uplink:
    """Where requests go. `secret` is a file."""

    address: tuple[str, int]
    secret: Path


class Supplicant(Protocol):
    """A device that can do EAP-TLS."""

    @property
    def name(self) -> str:
        """What it calls itself on the screen."""

    def connect(self, uplink: Uplink, certificate: Certificate, mac: str) -> bool:
        """Authenticate. True when the device holds itself for accepted, and its keys are those the switch was sent."""


@dataclass(frozen=True)
class EapolTest:
    """wpa_supplicant's EAP peer and a RADIUS client of its own."""

    folder: Path
    name: str = "eapol_test (Debian)"

    def connect(self, uplink: Uplink, certificate: Certificate, mac: str) -> bool:
        """See `Supplicant.connect`."""
        network = self.folder / "eapol_test.conf"
        text = _NETWORK.format(user=USER, certificate=certificate, server_name=SERVER_NAME)
        replace_file(network, text.encode(), mode=PRIVATE)
        host, port = uplink.address
        asked = ["-c", str(network), "-a", host, "-p", str(port), "-s", uplink.secret.read_text(), "-t", "10"]
        device = ["-M", mac.replace("-", ":"), "-N", f"61:d:{_ETHERNET}", "-N", f"32:s:{SWITCH}"]
        return _run(["eapol_test", *asked, *device]) == 0


@dataclass(frozen=True)
class OwnSupplicant:
    """`nac-supplicant` (dataplane/bench). It also speaks for devices without 802.1X."""

    program: Path
    name: str = "nac-supplicant"

    def connect(self, uplink: Uplink, certificate: Certificate, mac: str) -> bool:
        """See `Supplicant.connect`."""
        files = ["--cert", str(certificate.chain), "--key", str(certificate.key), "--ca", str(certificate.root)]
        return self._auth(uplink, [*files, "--server-name", SERVER_NAME, "--identity", USER, "--mac", mac])

    def bypass(self, uplink: Uplink, mac: str) -> bool:
        """MAC authentication bypass, as the switch does it for a device that does not answer. True when accepted."""
        return self._auth(uplink, ["--mab", mac])

    def _auth(self, uplink: Uplink, arguments: list[str]) -> bool:
        host, port = uplink.address
        towards = ["--server", f"{host}:{port}", "--secret-file", str(uplink.secret), "--nas-identifier", SWITCH]
        return _run([str(self.program), "auth", *towards, *arguments]) == 0


def best(folder: Path, own: OwnSupplicant) -> Supplicant:
    """eapol_test when it is there, for it is nobody's friend."""
    return EapolTest(folder) if shutil.which("eapol_test") else own


def _run(command: list[str]) -> int:
    return subprocess.run(command, capture_output=True, timeout=TIMEOUT_S, check=False).returncode
