"""OCSP responses for the server's own certificate, to be stapled to its handshakes (RFC 6960, RFC 9190 5.4)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from nac.errors import NotFoundError
from nac.pki.authority import Authority
from nac.pki.key_kind import signature_hash
from nac.pki.record import load_revocations

DEFAULT_DAYS: Final = 7
"""From thisUpdate to nextUpdate; the service signs a new one with every snapshot, at least daily."""


def staple(directory: Path, certificate: x509.Certificate, *, now: datetime, days: int = DEFAULT_DAYS) -> bytes | None:
    """DER of a response for `certificate`; None when the authority in `directory` did not issue it, or is not there, or
    its key is not.

    Raises `PkiError` when the authority's files are damaged.
    """
    try:
        authority = Authority.open(directory)
    except NotFoundError:
        return None
    if certificate.issuer != authority.issuing.subject or not authority.has_key("issuing"):
        return None
    return sign_response(authority, certificate, now=now, days=days)


def sign_response(
    authority: Authority, certificate: x509.Certificate, *, now: datetime, days: int = DEFAULT_DAYS
) -> bytes:
    """DER of an OCSPResponse, signed by the issuing CA itself (RFC 6960 4.2.2.2). Raises `PkiError`."""
    signer = authority.signer("issuing")
    revocation = load_revocations(authority.folder).find(certificate.serial_number)
    builder = (
        ocsp.OCSPResponseBuilder()
        .add_response(
            cert=certificate,
            issuer=signer.certificate,
            # SHA-1 only names the issuer here, as RFC 5019 2.1.1 wants it; nothing rests on its strength.
            algorithm=hashes.SHA1(),  # noqa: S303
            cert_status=ocsp.OCSPCertStatus.REVOKED if revocation else ocsp.OCSPCertStatus.GOOD,
            this_update=now,
            next_update=now + timedelta(days=days),
            revocation_time=datetime.fromtimestamp(revocation.at, UTC) if revocation else None,
            revocation_reason=None,
        )
        .responder_id(ocsp.OCSPResponderEncoding.HASH, signer.certificate)
    )
    return builder.sign(signer.key, signature_hash(signer.key)).public_bytes(Encoding.DER)
