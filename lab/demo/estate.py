"""The lab: a server of its own in a fresh folder, one user, her devices, a printer, and certificates good and bad."""

from __future__ import annotations

import secrets
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from lab.demo.command import Nac
from nac.pki.authority import Authority
from nac.pki.issue import issue_client
from nac.pki.keystore import PRIVATE, create_file
from nac.pki.names import ClientNames

USER = "alice@corp.example"
SERVER_NAME = "radius.corp.example"
SWITCH = "switch-1"
PRINTER_MAC = "00-00-5E-00-53-40"
"""From the range for documentation (RFC 7042 2.1)."""

_CERTIFICATES = "certificates"


@dataclass(frozen=True)
class Certificate:
    """Files of one device: `chain` leaf first, its `key`, and the root that its supplicant trusts."""

    chain: Path
    key: Path
    root: Path


@dataclass(frozen=True)
class Estate:
    """The finished lab. `secret` is what the switch shares with the server."""

    folder: Path
    nac: Nac
    secret: Path

    def certificate(self, name: str) -> Certificate:
        """The certificate that was issued under this name."""
        issued = self.folder / _CERTIFICATES
        return Certificate(issued / f"{name}.pem", issued / f"{name}.key", self.folder / "pki" / "root.pem")


def build(folder: Path, *, listen: str) -> Estate:
    """Remove `folder` and make it anew. `listen`: `address:port` of the server. Raises `CommandError`."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    nac = Nac(folder)
    nac("init", ".", "--example", "ai-estate", "--server-name", SERVER_NAME)
    _listen(folder / "nac.toml", listen)
    secret = folder / "switch-1.secret"
    create_file(secret, secrets.token_urlsafe(24).encode(), mode=PRIVATE)
    nac("client", "add", SWITCH, "127.0.0.1", "--secret-file", secret.name, "--site", "berlin")
    _add_people(nac)
    _issue(nac, folder)
    return Estate(folder, nac, secret)


def _add_people(nac: Nac) -> None:
    nac("user", "add", USER, "--group", "ml-engineering")
    for laptop in ("laptop-17", "laptop-09", "laptop-03"):
        nac("device", "add", laptop, "--kind", "laptop", "--owner", USER, "--managed")
        nac("device", "posture", laptop, "healthy", "--for", "24h")
    nac("device", "add", "printer-3", "--kind", "printer", "--mac", PRINTER_MAC)


def _issue(nac: Nac, folder: Path) -> None:
    """Good certificates by the command line; an expired one; one with the same names from somebody else's authority."""
    for device in ("laptop-17", "laptop-09", "home-pc"):
        nac("pki", "issue", "--user", USER, "--device", device, "--out", _CERTIFICATES)
    issued = folder / _CERTIFICATES
    ended = datetime.now(UTC) - timedelta(days=3)
    issue_client(Authority.open(folder / "pki"), ClientNames(USER, "laptop-03"), out=issued, now=ended, days=1)
    foreign = folder / "foreign-pki"
    nac("pki", "init", "--directory", foreign.name, "--organization", "Elsewhere", "--server-name", "elsewhere.example")
    out = ("--out", "foreign", "--name", "foreign")
    nac("pki", "issue", "--directory", foreign.name, "--user", USER, "--device", "laptop-17", *out)
    for suffix in ("pem", "key"):
        (folder / "foreign" / f"foreign.{suffix}").rename(issued / f"foreign.{suffix}")


def _listen(path: Path, address: str) -> None:
    """Change the one setting that the lab needs."""
    lines = path.read_text().splitlines(keepends=True)
    changed = [f'listen = ["{address}"]\n' if line.startswith("listen = ") else line for line in lines]
    path.write_text("".join(changed))
