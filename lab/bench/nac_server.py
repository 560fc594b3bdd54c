"""nac itself, as an admin would run it: `nac init`, its own example policy, clients and devices in the database."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from lab.bench.pki import USER_EMAIL, Pki
from lab.bench.running_server import Protection, Setup

COMMAND = Path(sys.executable).with_name("nac")

_CONFIG = """\
[server]
listen = ["127.0.0.1:{port}"]
shards = {shards}
[eap]
certificates = [{{ chain = "{cert}", key = "{key}" }}]
[trust]
roots = ["{ca}"]
intermediates = []
crls = ["{crl}"]
revocation = "require"
[log]
level = "warning"
"""

_PEOPLE = [
    ["user", "add", USER_EMAIL, "--group", "ml-engineering"],
    ["device", "posture", "laptop", "healthy", "--for", "24h"],
]


@dataclass(frozen=True)
class Nac:
    """nac with the policy of an AI estate: a healthy laptop of an ML engineer, and printers by MAC.

    `dialect`: what the NAS takes; `vlan-only` is answered as the other servers answer.
    """

    name: str = "nac"
    dialect: str = "vlan-only"
    protection: Protection = "first"

    def prepare(self, folder: Path, setup: Setup, port: int, secret_file: Path) -> list[str]:
        """See `ServerKind.prepare`."""
        home = folder / "nac"
        _nac(["init", str(home), "--example", "ai-estate", "--server-name", "radius.bench.example"])
        config = home / "nac.toml"
        pki = setup.pki
        config.write_text(
            _CONFIG.format(
                port=port, shards=setup.shards, cert=pki.server_cert, key=pki.server_key, ca=pki.ca, crl=pki.crl
            )
        )
        at = ["-c", str(config)]
        bounds = ["--rate", "1000000", "--burst", "1000000", "--dialect", self.dialect]
        _nac([*at, "client", "add", "bench", "127.0.0.1", *bounds, "--secret-file", str(secret_file)])
        laptop = ["--owner", USER_EMAIL, "--managed", "--certificate", _fingerprint(pki)]
        _nac([*at, "device", "add", "laptop", *laptop])
        for arguments in _PEOPLE:
            _nac([*at, *arguments])
        _add_printers(config, setup.macs)
        return [str(COMMAND), *at, "serve"]


def is_installed() -> bool:
    """True when nac is installed beside the interpreter that runs this."""
    return COMMAND.exists()


def _nac(arguments: list[str]) -> None:
    done = subprocess.run([COMMAND, *arguments], capture_output=True, text=True, check=False, timeout=120)
    if done.returncode != 0:
        raise RuntimeError(f"nac {' '.join(arguments)}: {done.stderr.strip()}")


def _fingerprint(pki: Pki) -> str:
    certificate = x509.load_pem_x509_certificate(pki.client_cert.read_bytes())
    return certificate.fingerprint(hashes.SHA256()).hex()


def _add_printers(config: Path, count: int) -> None:
    """Straight into the database, since a hundred thousand calls of `nac device add` take hours."""
    from nac.config import load
    from nac.db import Database, revision
    from nac.db.schema import Device, DeviceMac

    database = Database.open(load(config).database.url)
    now = int(time.time())
    with database.write() as session:
        number = revision.bump(session)
        session.add_all(
            Device(
                name=f"printer-{index}",
                key=f"printer-{index}",
                kind="printer",
                revision=number,
                created_at=now,
                macs=[DeviceMac(mac=":".join(f"{octet:02x}" for octet in b"\x02\x00" + index.to_bytes(4, "big")))],
            )
            for index in range(count)
        )
    database.close()
