"""TLS of the posture listener: 1.3 alone, our own certificate, and the device's asked for.

OpenSSL sees to it that a certificate is one of our authorities and that the peer has its key. Whether it counts now -
purpose, revocation - is asked of the data plane's trust, request by request (`nac.posture.intake`).
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_der_private_key

from nac.errors import PkiError
from nac.posture.setting import TlsMaterial


def server_context(material: TlsMaterial) -> ssl.SSLContext:
    """Raises `PkiError` when OpenSSL does not take the certificate or key."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.num_tickets = 0
    context.verify_mode = ssl.CERT_OPTIONAL
    context.verify_flags |= ssl.VerifyFlags.VERIFY_X509_PARTIAL_CHAIN | ssl.VerifyFlags.VERIFY_X509_TRUSTED_FIRST
    try:
        context.load_verify_locations(cadata=b"".join(material.authorities))
        with _in_memory(_pem(material)) as path:
            context.load_cert_chain(path)
    except (ssl.SSLError, ValueError) as error:
        raise PkiError(
            f"the posture listener cannot use the server's certificate: {error}", fix="`nac check` says more"
        ) from error
    return context


def peer_chain(connection: ssl.SSLObject) -> tuple[bytes, ...]:
    """The peer's certificates as it sent them, DER, its own first; empty when it sent none."""
    own = connection.getpeercert(binary_form=True)
    if own is None:
        return ()
    # Public since Python 3.13.
    inner: Any = connection if hasattr(connection, "get_unverified_chain") else connection._sslobj  # type: ignore[attr-defined]
    sent: Sequence[Any] = inner.get_unverified_chain() or ()
    ders = [one if isinstance(one, bytes) else ssl.PEM_cert_to_DER_cert(one.public_bytes()) for one in sent]
    return (own, *(der for der in ders if der != own))


def _pem(material: TlsMaterial) -> bytes:
    key = load_der_private_key(material.key, None)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return pem + b"".join(x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM) for der in material.chain)


@contextmanager
def _in_memory(content: bytes) -> Iterator[str]:
    """A file that stands on no disk: OpenSSL takes keys from files alone."""
    descriptor = os.memfd_create("nac-posture")
    try:
        os.write(descriptor, content)
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)
