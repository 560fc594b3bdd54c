"""Keys with certificates of their own, and policies from text."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import NameOID

from nac.policy.load import read
from nac.policy.model import Policy
from nac.policy.source import Source
from nac.posture.report import Signer

KEYS = {
    "p256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "p384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "ed25519": ed25519.Ed25519PrivateKey.generate,
    "rsa": lambda: rsa.generate_private_key(65537, 2048),
}


@dataclass(frozen=True)
class Holder:
    """A key with a certificate of its own for `laptop-17`."""

    key: Any
    signer: Signer


def holder(kind: str = "p256", name: str = "laptop-17") -> Holder:
    key: Any = KEYS[kind]()
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    start = datetime(2026, 1, 1, tzinfo=UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=365))
        .sign(key, None if kind == "ed25519" else hashes.SHA256())
    )
    der = certificate.public_bytes(serialization.Encoding.DER)
    return Holder(key, Signer(der, certificate.fingerprint(hashes.SHA256()).hex(), (name,)))


def policy(text: str) -> Policy:
    return read([Source("test.policy", text)]).policy
