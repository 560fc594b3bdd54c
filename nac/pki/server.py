"""The server's own certificates: a P-256 one for speed and an RSA-2048 twin for devices that need it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from nac.pki.key_kind import KeyKind
from nac.pki.keystore import PRIVATE, PUBLIC, private_key_pem, replace_file
from nac.pki.names import server_names
from nac.pki.profile import SERVER_DAYS, Validity, server_certificate
from nac.pki.record import record_issued

if TYPE_CHECKING:
    from nac.pki.authority import Authority

TWINS: Final = (KeyKind.P256, KeyKind.RSA2048)


@dataclass(frozen=True)
class ServerFiles:
    """Where a server certificate was written: `chain` leaf first, and its key."""

    certificate: x509.Certificate
    chain: Path
    key: Path


def issue_server_certificates(
    authority: Authority, names: Sequence[str], *, now: datetime, days: int = SERVER_DAYS
) -> list[ServerFiles]:
    """Issue both certificates anew and replace the files; a running server takes them up when it next looks.

    Each key is replaced before its chain, and whoever loads them refuses a pair that does not match, so a reader in
    between keeps what it has. Raises `PkiError`.
    """
    checked = server_names(names)
    signer = authority.signer("issuing")
    written = []
    for kind in TWINS:
        key = kind.generate()
        certificate = server_certificate(checked, key.public_key(), signer, Validity.starting(now, days))
        record_issued(authority.folder, certificate)
        chain_path, key_path = (authority.folder.path / f"server-{kind.value}{end}" for end in (".pem", ".key"))
        files = ServerFiles(certificate, chain_path, key_path)
        replace_file(files.key, private_key_pem(key), mode=PRIVATE)
        chain = certificate.public_bytes(Encoding.PEM) + authority.issuing.public_bytes(Encoding.PEM)
        replace_file(files.chain, chain, mode=PUBLIC)
        written.append(files)
    return written
