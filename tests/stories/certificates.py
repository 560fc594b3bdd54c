"""Certificates that `nac pki` would not make: of strangers, of other times, for other purposes, in long chains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier
from lab_home import Device, Home

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

_UPN: Final = ObjectIdentifier("1.3.6.1.4.1.311.20.2.3")
_HOUR: Final = timedelta(hours=1)


@dataclass(frozen=True)
class Issuer:
    """An authority with its key, and what stands between it and the root (leaf side first, the root left out)."""

    certificate: x509.Certificate
    key: Key
    path: Sequence[x509.Certificate] = ()

    def crl(self, serials: Sequence[int] = ()) -> bytes:
        """Its revocation list, PEM, current for a day."""
        now = datetime.now(UTC)
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.certificate.subject)
            .last_update(now - _HOUR)
            .next_update(now + timedelta(days=1))
            .add_extension(x509.CRLNumber(len(serials) + 1), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False)
        )
        for serial in serials:
            entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(now - _HOUR).build()
            builder = builder.add_revoked_certificate(entry)
        return builder.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def p256() -> Key:
    return ec.generate_private_key(ec.SECP256R1())


def rsa4096() -> Key:
    return rsa.generate_private_key(65537, 4096)


def built_in(home: Home) -> Issuer:
    """The issuing CA that `nac init` made."""
    pki = home.folder / "pki"
    certificate = x509.load_pem_x509_certificate((pki / "issuing.pem").read_bytes())
    key = serialization.load_pem_private_key((pki / "issuing.key").read_bytes(), password=None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return Issuer(certificate, key, [certificate])


def authority(name: str, issuer: Issuer | None = None, *, key: Key | None = None) -> Issuer:
    """A root, or an intermediate of `issuer`."""
    key = key or p256()
    certificate = _build(
        name,
        key,
        issuer,
        [(x509.BasicConstraints(ca=True, path_length=None), True), (_usage(ca=True), True)],
        not_before=datetime.now(UTC) - _HOUR,
        not_after=datetime.now(UTC) + timedelta(days=30),
    )
    return Issuer(certificate, key, [certificate, *issuer.path] if issuer else [])


def device(
    issuer: Issuer,
    like: Device,
    folder: Path,
    *,
    key: Key | None = None,
    purpose: ObjectIdentifier = ExtendedKeyUsageOID.CLIENT_AUTH,
    not_before: datetime | None = None,
    not_after: datetime | None = None,
    policies: Sequence[str] = (),
) -> Device:
    """A certificate by `issuer` with the names of `like`; the device trusts the server as before.

    `policies`: of the certificate (RFC 5280 4.2.1.4), dotted OIDs.
    """
    key = key or p256()
    upn = x509.OtherName(_UPN, b"\x0c" + bytes([len(like.user)]) + like.user.encode())
    named = [x509.PolicyInformation(ObjectIdentifier(policy), None) for policy in policies]
    certificate = _build(
        like.user,
        key,
        issuer,
        [
            *([(x509.CertificatePolicies(named), False)] if named else []),
            (x509.BasicConstraints(ca=False, path_length=None), True),
            (_usage(ca=False), True),
            (x509.ExtendedKeyUsage([purpose]), False),
            (x509.SubjectAlternativeName([x509.DNSName(like.name), upn]), False),
        ],
        not_before=not_before or datetime.now(UTC) - _HOUR,
        not_after=not_after or datetime.now(UTC) + timedelta(days=1),
    )
    folder.mkdir(parents=True, exist_ok=True)
    chain, key_path = folder / "device.pem", folder / "device.key"
    chain.write_bytes(b"".join(map(pem, [certificate, *issuer.path])))
    key_path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return Device(like.user, like.name, like.mac, chain, key_path, like.ca)


def pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def serial_of(chain: Path) -> int:
    """The serial number of the first certificate of a file."""
    return x509.load_pem_x509_certificate(chain.read_bytes()).serial_number


def _build(
    name: str,
    key: Key,
    issuer: Issuer | None,
    extensions: Sequence[tuple[x509.ExtensionType, bool]],
    *,
    not_before: datetime,
    not_after: datetime,
) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    signing = issuer.key if issuer else key
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(not_before)
        .not_valid_after(not_after)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key()), critical=False)
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    return builder.sign(signing, hashes.SHA256())


def _usage(*, ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not ca,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=ca,
        crl_sign=ca,
        encipher_only=False,
        decipher_only=False,
    )
