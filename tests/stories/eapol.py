"""eapol_test: wpa_supplicant's own EAP peer and RADIUS client, run against nac through a relay."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

import pytest
from lab_home import SECRET, Device
from nas import ACCESS_ACCEPT, ACCESS_CHALLENGE, MESSAGE_AUTHENTICATOR, Address, Packet
from relay import Hook, Loss, Move, Relay, nothing_lost

TlsVersion = Literal["1.2", "1.3"]

TIMEOUT_S: Final = 30
"""What eapol_test may take in all; a run takes a fraction of a second."""

# All four flags always stand: with a hole in the range, OpenSSL offers TLS 1.1 as well.
_DISABLED: Final = {
    "1.2": "tls_disable_tlsv1_0=1 tls_disable_tlsv1_1=1 tls_disable_tlsv1_2=0 tls_disable_tlsv1_3=1",
    "1.3": "tls_disable_tlsv1_0=1 tls_disable_tlsv1_1=1 tls_disable_tlsv1_2=1 tls_disable_tlsv1_3=0",
}


@dataclass(frozen=True)
class Outcome:
    """What eapol_test said, and what went over the wire."""

    success: bool
    log_file: Path
    log: str = field(repr=False)
    requests: Sequence[Packet] = field(repr=False)
    replies: Sequence[Packet] = field(repr=False)

    @property
    def accept(self) -> Packet:
        """The last reply, which must be an Access-Accept."""
        assert self.replies[-1].code == ACCESS_ACCEPT, self
        return self.replies[-1]

    @property
    def challenges(self) -> list[Packet]:
        return [reply for reply in self.replies if reply.code == ACCESS_CHALLENGE]

    def handshakes(self) -> list[bool]:
        """For each conversation that completed a TLS handshake, whether that was resumed."""
        resumed = []
        for conversation in self.log.split("CTRL-EVENT-EAP-STARTED")[1:]:
            said = set(re.findall(r"OpenSSL: Handshake finished - resumed=(\d)", conversation))
            if said:
                resumed.append(said == {"1"})
        return resumed

    def keys_match(self) -> bool:
        """The MS-MPPE keys of every accept are the peer's own."""
        found = re.search(r"MPPE keys OK: (\d+)\s+mismatch: (\d+)", self.log)
        return found is not None and int(found[1]) > 0 and found[2] == "0"

    def hexdump(self, label: str) -> bytes:
        """The octets that the log shows behind `label`."""
        found = re.findall(rf"{re.escape(label)} - hexdump\(len=\d+\): ([0-9a-f ]+)", self.log)
        assert found, f"no {label} in the log"
        return bytes.fromhex(found[-1])


def network(
    device: Device,
    *,
    tls: TlsVersion = "1.3",
    phase1: str = "",
    settings: Mapping[str, str] | None = None,
) -> str:
    """A supplicant's profile for EAP-TLS. `settings` replaces or adds lines, as written in wpa_supplicant.conf."""
    lines = {
        "key_mgmt": "WPA-EAP",
        "eap": "TLS",
        "identity": f'"{device.user}"',
        "ca_cert": f'"{device.ca}"',
        "client_cert": f'"{device.chain}"',
        "private_key": f'"{device.key}"',
        "phase1": f'"{_DISABLED[tls]} {phase1}"',
        **(settings or {}),
    }
    return "network={\n" + "".join(f"  {name}={value}\n" for name, value in lines.items()) + "}\n"


class EapolTest:
    """Runs eapol_test; profiles and logs are kept in `folder`, which pytest shows when a test fails."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._runs = 0

    def __call__(
        self,
        profile: str,
        server: Address,
        mac: str,
        *options: str,
        source: str = "127.0.0.1",
        secret: bytes = SECRET,
        between: Hook | None = None,
        midway: Move | None = None,
        lose: Loss = nothing_lost,
    ) -> Outcome:
        """One run. Every reply that passes must carry Message-Authenticator first (CVE-2024-3596)."""
        self._runs += 1
        configuration = self._folder / f"network-{self._runs}.conf"
        configuration.write_text(profile)
        log = self._folder / f"eapol-{self._runs}.log"
        with Relay(server, source=source, lose=lose) as relay, log.open("wb") as output:
            address = ["-a", relay.address[0], "-p", str(relay.address[1]), "-s", secret.decode()]
            command = ["eapol_test", "-c", str(configuration), *address, "-M", mac, "-t", str(TIMEOUT_S), *options]
            process = subprocess.Popen(command, stdout=output, stderr=output, stdin=subprocess.DEVNULL)
            try:
                relay.carry(process, between, midway)
            finally:
                process.kill()
                code = process.wait()
        assert all(reply.attributes[0][0] == MESSAGE_AUTHENTICATOR for reply in relay.replies)
        return Outcome(code == 0, log, log.read_text(errors="replace"), relay.requests, relay.replies)


def require(tool: str, package: str) -> None:
    """A missing tool is a failure that says what to install, never a skip."""
    if shutil.which(tool) is None:
        pytest.fail(f"{tool} is not installed: apt-get install {package}", pytrace=False)
