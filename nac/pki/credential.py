"""A server certificate from files: its chain and key, known to fit together."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from nac.errors import PkiError
from nac.pki.expiry import PkiWarning, display_name, expiry_warnings
from nac.pki.key_kind import describe
from nac.pki.keystore import load_private_key, private_key_der
from nac.pki.read import read_certificates

LONGEST_CHAIN: Final = 6
_FIX_EXPIRY: Final = "renew it: `nac pki server` for the built-in authority; a running server takes it up by itself"


@dataclass(frozen=True)
class Credential:
    """What `ServerCredential` of the data plane is built from. `chain`: DER, leaf first; `key`: PKCS#8 DER, secret."""

    leaf: x509.Certificate
    chain: tuple[bytes, ...]
    key: bytes = field(repr=False)
    warnings: tuple[PkiWarning, ...]


def load_credential(chain: Path, key: Path, *, now: datetime) -> Credential:
    """Read and check one server certificate.

    Raises `PkiError`: unreadable, the key is another's, the chain is out of order. An expired or oddly made certificate
    is a warning: some devices still accept it, and a server that does not start helps none.
    """
    certificates = read_certificates(chain)
    leaf = certificates[0]
    private = load_private_key(key)
    if private.public_key() != leaf.public_key():
        raise PkiError(
            f"{key}: the {describe(private)} key does not belong to {display_name(leaf)} in {chain}",
            fix="name the key that the certificate was made with; the leaf stands first in the chain",
        )
    if len(certificates) > LONGEST_CHAIN:
        raise PkiError(f"{chain}: {len(certificates)} certificates", fix=f"a chain has at most {LONGEST_CHAIN}")
    _check_order(certificates, chain)
    return Credential(
        leaf=leaf,
        chain=tuple(certificate.public_bytes(Encoding.DER) for certificate in certificates),
        key=private_key_der(private),
        warnings=tuple(_warnings(certificates, chain, now)),
    )


def _check_order(certificates: list[x509.Certificate], path: Path) -> None:
    for number, (lower, upper) in enumerate(pairwise(certificates), 1):
        try:
            lower.verify_directly_issued_by(upper)
        except (ValueError, TypeError, InvalidSignature):
            raise PkiError(
                f"{path}: certificate {number} ({display_name(lower)}) was not signed by certificate {number + 1} "
                f"({display_name(upper)})",
                fix="order the file: the server's certificate, its issuer, the issuer's issuer",
            ) from None


def _warnings(certificates: list[x509.Certificate], path: Path, now: datetime) -> list[PkiWarning]:
    leaf = certificates[0]
    found = [
        warning for certificate in certificates for warning in expiry_warnings(certificate, path, now, fix=_FIX_EXPIRY)
    ]
    try:
        purposes = list(leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
    except x509.ExtensionNotFound:
        purposes = []
    if ExtendedKeyUsageOID.SERVER_AUTH not in purposes:
        found.append(
            PkiWarning(path, f"{display_name(leaf)} has no serverAuth purpose", "devices will refuse it: renew it")
        )
    try:
        leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        found.append(
            PkiWarning(path, f"{display_name(leaf)} has no DNS name", "newer devices will refuse it: renew it")
        )
    if len(certificates) == 1 and leaf.issuer != leaf.subject:
        fix = "append the issuing certificates, unless the root itself signed it"
        found.append(PkiWarning(path, f"{display_name(leaf)} comes without its issuer's certificate", fix, "notice"))
    return found
