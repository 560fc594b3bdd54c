"""The forms of certificate that nac signs: root, issuing, server, client (RFC 5280 4.2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from nac.errors import PkiError
from nac.pki.key_kind import PrivateKey, PublicKey, signature_hash

CLOCK_SKEW: Final = timedelta(minutes=5)
"""How far a certificate begins in the past, so that a device whose clock is a little late accepts it."""

ROOT_DAYS: Final = 7300
ISSUING_DAYS: Final = 3650
SERVER_DAYS: Final = 397
"""Supplicants of some vendors refuse server certificates that are valid for longer than 398 or 825 days."""
CLIENT_DAYS: Final = 365

LONGEST_NAME: Final = 64
"""ub-common-name and ub-organization-name of RFC 5280 appendix A.1, in characters."""


@dataclass(frozen=True)
class Signer:
    """An authority that can sign: its certificate and its key."""

    certificate: x509.Certificate
    key: PrivateKey = field(repr=False)


@dataclass(frozen=True)
class Validity:
    """From when until when, both UTC."""

    not_before: datetime
    not_after: datetime

    @classmethod
    def starting(cls, now: datetime, days: int) -> Validity:
        """`days` from `now`, begun a little in the past for late clocks."""
        return cls(now - CLOCK_SKEW, now + timedelta(days=days))


def root_certificate(name: x509.Name, key: PrivateKey, validity: Validity) -> x509.Certificate:
    """Self-signed; at most one authority below it."""
    builder = _begin(name, key.public_key(), name, validity)
    builder = _authority(builder, path_length=1, issuer_key=key.public_key(), key=key.public_key())
    return builder.sign(key, signature_hash(key))


def issuing_certificate(name: x509.Name, key: PublicKey, signer: Signer, validity: Validity) -> x509.Certificate:
    """Signed by the root; no authority below it."""
    builder = _begin(name, key, signer.certificate.subject, within(signer, validity))
    builder = _authority(builder, path_length=0, issuer_key=signer.key.public_key(), key=key)
    return builder.sign(signer.key, signature_hash(signer.key))


def server_certificate(names: Sequence[str], key: PublicKey, signer: Signer, validity: Validity) -> x509.Certificate:
    """For the server side of EAP-TLS: serverAuth, its DNS names."""
    subject = common_name(names[0])
    alternatives = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
    builder = _begin(subject, key, signer.certificate.subject, within(signer, validity))
    builder = _end_entity(builder, key, signer, ExtendedKeyUsageOID.SERVER_AUTH)
    return builder.add_extension(alternatives, critical=False).sign(signer.key, signature_hash(signer.key))


def client_certificate(
    subject: x509.Name,
    alternatives: x509.SubjectAlternativeName,
    policies: Sequence[ObjectIdentifier],
    key: PublicKey,
    signer: Signer,
    validity: Validity,
) -> x509.Certificate:
    """For a user or a device: clientAuth, its names, the policies it was issued under (RFC 5280 4.2.1.4)."""
    builder = _begin(subject, key, signer.certificate.subject, within(signer, validity))
    builder = _end_entity(builder, key, signer, ExtendedKeyUsageOID.CLIENT_AUTH)
    builder = builder.add_extension(alternatives, critical=False)
    if policies:
        statements = x509.CertificatePolicies([x509.PolicyInformation(oid, None) for oid in policies])
        builder = builder.add_extension(statements, critical=False)
    return builder.sign(signer.key, signature_hash(signer.key))


def common_name(text: str, organization: str | None = None) -> x509.Name:
    """A subject with CN, and O when given. Raises `PkiError` when a name is empty, too long or not printable."""
    attributes = [(NameOID.ORGANIZATION_NAME, organization)] if organization is not None else []
    parts = []
    for oid, value in [*attributes, (NameOID.COMMON_NAME, text)]:
        if not value or len(value) > LONGEST_NAME or not value.isprintable() or value != value.strip():
            raise PkiError(
                f"{value!r} cannot be a name in a certificate",
                fix=f"use 1 to {LONGEST_NAME} printable characters, without blanks around them",
            )
        parts.append(x509.NameAttribute(oid, value))
    return x509.Name(parts)


def within(signer: Signer, validity: Validity) -> Validity:
    """The same validity, known to end before the signer's own certificate. Raises `PkiError`."""
    end = signer.certificate.not_valid_after_utc
    if validity.not_after > end:
        days = max(0, (end - validity.not_before).days - 1)
        raise PkiError(
            f"the certificate would outlive its authority, which ends on {end:%Y-%m-%d}",
            fix=f"ask for at most {days} days, or renew the authority" if days else "renew the authority",
        )
    return validity


def _begin(subject: x509.Name, key: PublicKey, issuer: x509.Name, validity: Validity) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(validity.not_before)
        .not_valid_after(validity.not_after)
    )


def _authority(
    builder: x509.CertificateBuilder, *, path_length: int, issuer_key: PublicKey, key: PublicKey
) -> x509.CertificateBuilder:
    return (
        builder.add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key), critical=False)
    )


def _end_entity(
    builder: x509.CertificateBuilder, key: PublicKey, signer: Signer, purpose: ObjectIdentifier
) -> x509.CertificateBuilder:
    issuer_key = signer.key.public_key()
    return (
        builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key), critical=False)
    )


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    """digitalSignature for all (authorities sign OCSP responses with it); authorities also sign certificates, lists."""
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )
