"""Issue a certificate for a user, a device, or a user on a device."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from nac.errors import ConflictError
from nac.pki.authority import Authority
from nac.pki.key_kind import KeyKind, PrivateKey, PublicKey, accept_public_key
from nac.pki.keystore import PRIVATE, PUBLIC, create_file, make_private_folder, private_key_pem
from nac.pki.names import ClientNames, policy_oid
from nac.pki.profile import CLIENT_DAYS, Validity, client_certificate
from nac.pki.read import read_request
from nac.pki.record import record_issued


@dataclass(frozen=True)
class ClientFiles:
    """Where a client certificate was written: `chain` leaf first; no `key` when the request brought its own."""

    certificate: x509.Certificate
    chain: Path
    key: Path | None
    ca: Path


def issue_client(
    authority: Authority,
    names: ClientNames,
    *,
    out: Path,
    now: datetime,
    key: KeyKind | Path = KeyKind.P256,
    days: int = CLIENT_DAYS,
    policies: Sequence[str] = (),
    stem: str | None = None,
) -> ClientFiles:
    """Sign a certificate and write `<stem>.pem`, `<stem>.key` and `ca.pem` (the root) into `out`.

    `key`: the kind to generate, or the file of a PKCS#10 request, of which only the public key is used: the names are
    the authority's to give. `stem`: by default the device's name, else the user's. Nothing is signed when a file is in
    the way. Raises `ConflictError`, `PkiError`.
    """
    signer = authority.signer("issuing")
    stem = stem or re.sub(r"[^A-Za-z0-9@._-]", "_", names.label)
    chain_path, key_path, ca_path = out / f"{stem}.pem", out / f"{stem}.key", out / "ca.pem"
    root_pem = authority.root.public_bytes(Encoding.PEM)
    _refuse_overwrite([chain_path, key_path], ca_path, root_pem)

    private: PrivateKey | None = None
    if isinstance(key, KeyKind):
        private = key.generate()
        public: PublicKey = private.public_key()
    else:
        public = accept_public_key(read_request(key).public_key(), key)
    certificate = client_certificate(
        names.subject(),
        names.alternatives(),
        [policy_oid(policy) for policy in policies],
        public,
        signer,
        Validity.starting(now, days),
    )
    record_issued(authority.folder, certificate)
    make_private_folder(out)
    if private is not None:
        create_file(key_path, private_key_pem(private), mode=PRIVATE)
    chain = certificate.public_bytes(Encoding.PEM) + authority.issuing.public_bytes(Encoding.PEM)
    create_file(chain_path, chain, mode=PUBLIC)
    if not ca_path.exists():
        create_file(ca_path, root_pem, mode=PUBLIC)
    return ClientFiles(certificate, chain_path, key_path if private is not None else None, ca_path)


def _refuse_overwrite(new: Sequence[Path], ca: Path, root_pem: bytes) -> None:
    for path in new:
        if path.exists():
            raise ConflictError(f"{path} exists already", fix="choose another --out or --name; nothing was signed")
    if ca.exists() and ca.read_bytes() != root_pem:
        raise ConflictError(f"{ca} is of another authority", fix="choose another --out; nothing was signed")
