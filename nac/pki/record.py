"""The authority's books: every certificate that it signed, what it revoked, and the numbers of its lists."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from nac.errors import PkiError
from nac.pki.folder import AuthorityName, PkiFolder
from nac.pki.keystore import PUBLIC, create_file, replace_file
from nac.pki.read import read_certificates

Reason = Literal[
    "unspecified",
    "key-compromise",
    "ca-compromise",
    "affiliation-changed",
    "superseded",
    "cessation-of-operation",
    "privilege-withdrawn",
]
"""Why a certificate was revoked (CRLReason, RFC 5280 5.3.1), those that are final."""


class Revocation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One revoked certificate. `serial`: lower-case hex; `at`, `not_after`: Unix seconds; `issuer` signs its list."""

    serial: str
    issuer: AuthorityName
    at: int
    reason: Reason
    name: str
    not_after: int


class Revocations(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All of `revoked.json`. `crl_numbers`: the number of the last list of each authority (RFC 5280 5.2.3)."""

    revoked: tuple[Revocation, ...] = ()
    crl_numbers: dict[AuthorityName, int] = {}

    def find(self, serial: int) -> Revocation | None:
        """The revocation of this serial number, if any."""
        return self.by_serial().get(serial)

    def by_serial(self) -> dict[int, Revocation]:
        """All revocations by serial number."""
        return {int(entry.serial, 16): entry for entry in self.revoked}


def serial_text(serial: int) -> str:
    """A serial number in lower-case hex, two digits to an octet: how events, tables and file names show it."""
    text = f"{serial:x}"
    return text if len(text) % 2 == 0 else f"0{text}"


def record_issued(folder: PkiFolder, certificate: x509.Certificate) -> Path:
    """Enter a certificate into the books, before anyone else gets it. Raises `ConflictError` or `PkiError`."""
    path = folder.issued / f"{serial_text(certificate.serial_number)}.pem"
    create_file(path, certificate.public_bytes(Encoding.PEM), mode=PUBLIC)
    return path


def issued(folder: PkiFolder) -> Iterator[x509.Certificate]:
    """Every certificate in the books, ordered by serial number. Raises `PkiError` for a damaged one."""
    for path in sorted(folder.issued.glob("*.pem")):
        yield from read_certificates(path)


def load_revocations(folder: PkiFolder) -> Revocations:
    """The record of revocations; an empty one before the first. Raises `PkiError` when it is damaged."""
    try:
        raw = folder.revoked.read_bytes()
    except FileNotFoundError:
        return Revocations()
    except OSError as error:
        raise PkiError(f"{folder.revoked}: cannot be read: {error.strerror}", fix="check its owner and mode") from None
    try:
        return msgspec.json.decode(raw, type=Revocations)
    except msgspec.DecodeError as error:
        raise PkiError(
            f"{folder.revoked}: damaged: {error}",
            fix="restore it from a backup; without it revoked certificates come back",
        ) from None


def save_revocations(folder: PkiFolder, revocations: Revocations) -> None:
    """Replace the record; the caller holds `folder.lock()`. Raises `PkiError`."""
    replace_file(folder.revoked, msgspec.json.format(msgspec.json.encode(revocations)) + b"\n", mode=PUBLIC)
