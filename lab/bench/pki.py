"""One PKI for all servers of a benchmark run: a CA, a server and a client certificate.

The CA signs both directly, so that every server verifies exactly two signatures in a full handshake: the client's
certificate and its CertificateVerify.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

KeyKind = Literal["p256", "rsa2048", "rsa4096"]
PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

SERVER_NAME = "radius.bench.example"
CLIENT_NAME = "laptop.bench.example"
USER_EMAIL = "alice@bench.example"
LIFETIME = datetime.timedelta(days=30)


@dataclass(frozen=True)
class Pki:
    """PEM files. `crl` is the CA's list, with nothing on it."""

    folder: Path
    ca: Path
    crl: Path
    server_cert: Path
    server_key: Path
    client_cert: Path
    client_key: Path


@dataclass(frozen=True)
class _Issuer:
    certificate: x509.Certificate
    key: PrivateKey


def create(folder: Path, server: KeyKind, client: KeyKind) -> Pki:
    """Writes a fresh PKI into `folder`, which must not exist; the CA is RSA-2048 unless the server is P-256."""
    folder.mkdir(parents=True)
    ca_kind: KeyKind = "p256" if server == "p256" else "rsa2048"
    ca_key = _generate(ca_kind)
    ca = _Issuer(_certificate("nac benchmark CA", ca_key, None, None), ca_key)
    server_key, client_key = _generate(server), _generate(client)
    server_names = [x509.DNSName(SERVER_NAME)]
    client_names = [x509.DNSName(CLIENT_NAME), x509.RFC822Name(USER_EMAIL)]
    server_cert = _certificate(SERVER_NAME, server_key, ca, (ExtendedKeyUsageOID.SERVER_AUTH, server_names))
    client_cert = _certificate(CLIENT_NAME, client_key, ca, (ExtendedKeyUsageOID.CLIENT_AUTH, client_names))
    return Pki(
        folder=folder,
        ca=_write(folder / "ca.pem", [ca.certificate]),
        crl=_write(folder / "crl.pem", [_empty_crl(ca)]),
        server_cert=_write(folder / "server.pem", [server_cert]),
        server_key=_write_key(folder / "server.key", server_key),
        client_cert=_write(folder / "client.pem", [client_cert]),
        client_key=_write_key(folder / "client.key", client_key),
    )


def _generate(kind: KeyKind) -> PrivateKey:
    if kind == "p256":
        return ec.generate_private_key(ec.SECP256R1())
    return rsa.generate_private_key(public_exponent=65537, key_size=2048 if kind == "rsa2048" else 4096)


def _certificate(
    name: str,
    key: PrivateKey,
    issuer: _Issuer | None,
    leaf: tuple[x509.ObjectIdentifier, Sequence[x509.GeneralName]] | None,
) -> x509.Certificate:
    """`leaf`: extended key usage and alternative names; None for an authority. `issuer` None: self-signed."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    issuer_name = issuer.certificate.subject if issuer else subject
    issuer_key = issuer.key if issuer else key
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer_name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + LIFETIME)
        .add_extension(x509.BasicConstraints(ca=leaf is None, path_length=None), critical=True)
        .add_extension(_key_usage(ca=leaf is None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
    )
    if leaf is not None:
        usage, names = leaf
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(issuer_key, hashes.SHA256())


def _key_usage(*, ca: bool) -> x509.KeyUsage:
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


def _empty_crl(issuer: _Issuer) -> x509.CertificateRevocationList:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.certificate.subject)
        .last_update(now - datetime.timedelta(hours=1))
        .next_update(now + LIFETIME)
        .add_extension(x509.CRLNumber(1), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key()), critical=False)
        .sign(issuer.key, hashes.SHA256())
    )


def _write(path: Path, items: list[x509.Certificate] | list[x509.CertificateRevocationList]) -> Path:
    path.write_bytes(b"".join(item.public_bytes(serialization.Encoding.PEM) for item in items))
    return path


def _write_key(path: Path, key: PrivateKey) -> Path:
    path.touch(mode=0o600)
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return path
