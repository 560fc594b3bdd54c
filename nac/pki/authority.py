"""The built-in certificate authority: a P-384 root that signs one P-256 issuing CA, which signs everything else."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from nac.errors import ConflictError, NotFoundError, PkiError
from nac.pki.crl import build_crls
from nac.pki.folder import AuthorityName, PkiFolder
from nac.pki.key_kind import KeyKind
from nac.pki.keystore import PRIVATE, PUBLIC, create_file, load_private_key, make_private_folder, private_key_pem
from nac.pki.names import server_names
from nac.pki.profile import (
    ISSUING_DAYS,
    ROOT_DAYS,
    Signer,
    Validity,
    common_name,
    issuing_certificate,
    root_certificate,
)
from nac.pki.read import read_certificates
from nac.pki.record import record_issued
from nac.pki.server import issue_server_certificates


@dataclass(frozen=True)
class Authority:
    """An opened PKI folder. Keys are read only when something is signed."""

    folder: PkiFolder
    root: x509.Certificate
    issuing: x509.Certificate

    @classmethod
    def open(cls, directory: Path) -> Authority:
        """Raises `NotFoundError` when there is no authority in `directory`, `PkiError` when its files are damaged."""
        folder = PkiFolder(directory)
        if not folder.certificate("issuing").exists():
            raise NotFoundError(f"{directory}: no certificate authority here", fix="make one with `nac pki init`")
        root = read_certificates(folder.certificate("root"))[0]
        issuing = read_certificates(folder.certificate("issuing"))[0]
        return cls(folder, root, issuing)

    def certificate(self, name: AuthorityName) -> x509.Certificate:
        """The authority's own certificate."""
        return self.root if name == "root" else self.issuing

    def signer(self, name: AuthorityName) -> Signer:
        """The authority with its key. Raises `PkiError`: missing, open to others, or not the certificate's."""
        path = self.folder.key(name)
        key = load_private_key(path)
        if key.public_key() != self.certificate(name).public_key():
            raise PkiError(f"{path}: does not belong to {name}.pem", fix="restore the two files from one backup")
        return Signer(self.certificate(name), key)

    def has_key(self, name: AuthorityName) -> bool:
        """False when the key is kept elsewhere (an offline root), or from this user (a service that only reads)."""
        return os.access(self.folder.key(name), os.R_OK)


def create_authority(directory: Path, *, organization: str, server: Sequence[str], now: datetime) -> Authority:
    """Make root, issuing CA, server certificates (P-256 and RSA-2048) and both revocation lists in a new folder.

    All or nothing: the folder appears complete. `server`: DNS names of the RADIUS server. Raises `ConflictError` when
    `directory` holds anything, `PkiError` for names that a certificate cannot carry.
    """
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise ConflictError(
            f"{directory} exists already and is not empty",
            fix="a second authority needs another folder; nothing was changed",
        )
    names = server_names(server)
    common_name("issuing", organization)
    directory.parent.mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(prefix=f".{directory.name}.", dir=directory.parent))
    try:
        _fill(PkiFolder(building), organization, names, now)
        building.rename(directory)
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        raise
    return Authority.open(directory)


def _fill(folder: PkiFolder, organization: str, server: Sequence[str], now: datetime) -> None:
    for path in (folder.issued, folder.path / "crl"):
        make_private_folder(path)
    root_key, issuing_key = KeyKind.P384.generate(), KeyKind.P256.generate()
    root = root_certificate(_name("Root CA", organization), root_key, Validity.starting(now, ROOT_DAYS))
    signer = Signer(root, root_key)
    issuing = issuing_certificate(
        _name("Issuing CA", organization), issuing_key.public_key(), signer, Validity.starting(now, ISSUING_DAYS)
    )
    create_file(folder.key("root"), private_key_pem(root_key), mode=PRIVATE)
    create_file(folder.key("issuing"), private_key_pem(issuing_key), mode=PRIVATE)
    create_file(folder.certificate("root"), root.public_bytes(Encoding.PEM), mode=PUBLIC)
    create_file(folder.certificate("issuing"), issuing.public_bytes(Encoding.PEM), mode=PUBLIC)
    record_issued(folder, issuing)
    authority = Authority(folder, root, issuing)
    issue_server_certificates(authority, server, now=now)
    build_crls(authority, now=now)


def _name(role: str, organization: str) -> x509.Name:
    """A name that no other installation has: devices and revocation lists know an authority by its name alone."""
    return common_name(f"{role} {x509.random_serial_number() & 0xFFFFFFFF:08x}", organization)
