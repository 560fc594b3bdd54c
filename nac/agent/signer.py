"""Signing with the device's own key, the one of its EAP-TLS certificate."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Protocol

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509.oid import NameOID

from nac.agent.config import DeviceSettings
from nac.errors import PkiError
from nac.pki.key_kind import PrivateKey, accept_private_key, signature_hash
from nac.pki.keystore import read_private_file


class Signer(Protocol):
    """A key that can sign, wherever it is kept. `algorithm` is JOSE's name (RFC 7518, RFC 8037)."""

    @property
    def algorithm(self) -> str: ...

    def sign(self, message: bytes) -> bytes:
        """The signature in JOSE's form: r and s side by side for ECDSA (RFC 7518 section 3.4)."""
        ...


@dataclass(frozen=True)
class FileSigner:
    """A key that was read from a file."""

    key: PrivateKey = field(repr=False)

    @property
    def algorithm(self) -> str:
        if isinstance(self.key, ec.EllipticCurvePrivateKey):
            return "ES384" if self.key.curve.name == "secp384r1" else "ES256"
        return "EdDSA" if isinstance(self.key, ed25519.Ed25519PrivateKey) else "PS256"

    def sign(self, message: bytes) -> bytes:
        if isinstance(self.key, ed25519.Ed25519PrivateKey):
            return self.key.sign(message)
        if isinstance(self.key, ec.EllipticCurvePrivateKey):
            size = (self.key.key_size + 7) // 8
            signature = self.key.sign(message, ec.ECDSA(signature_hash(self.key) or SHA256()))
            return b"".join(number.to_bytes(size, "big") for number in decode_dss_signature(signature))
        return self.key.sign(message, padding.PSS(padding.MGF1(SHA256()), SHA256.digest_size), SHA256())


@dataclass(frozen=True)
class DeviceIdentity:
    """Who this device is: the name in its certificate, the certificate's SHA-256, and the key that proves it."""

    name: str
    certificate_sha256: bytes
    signer: Signer


def load_identity(settings: DeviceSettings) -> DeviceIdentity:
    """Certificate and key from files. Raises `PkiError`: unreadable, open to others, weak, not belonging together."""
    try:
        certificate = x509.load_pem_x509_certificate(settings.certificate.read_bytes())
    except OSError as error:
        raise PkiError(
            f"{settings.certificate}: cannot be read: {error.strerror}",
            fix="name the device's certificate in agent.toml",
        ) from None
    except ValueError:
        raise PkiError(
            f"{settings.certificate}: not a certificate (PEM)", fix="name the device's certificate"
        ) from None
    key = accept_private_key(_private_key(settings), settings.key)
    if key.public_key() != certificate.public_key():
        raise PkiError(
            f"{settings.key}: does not belong to the certificate in {settings.certificate}",
            fix="name the key that the certificate was made with; the device's own certificate stands first",
        )
    digest = hashlib.sha256(certificate.public_bytes(Encoding.DER)).digest()
    return DeviceIdentity(_name(certificate), digest, FileSigner(key))


def read_passphrase(settings: DeviceSettings) -> bytes | None:
    """The passphrase of the key, None when it needs none. Raises `PkiError`."""
    return None if settings.passphrase is None else read_private_file(settings.passphrase).rstrip(b"\r\n")


def _private_key(settings: DeviceSettings) -> object:
    try:
        return load_pem_private_key(read_private_file(settings.key), read_passphrase(settings))
    except TypeError:
        fix = "set device.passphrase" if settings.passphrase is None else "remove device.passphrase"
        raise PkiError(f"{settings.key}: whether it is encrypted and device.passphrase disagree", fix=fix) from None
    except ValueError:
        raise PkiError(
            f"{settings.key}: not a private key (PEM), or the passphrase is another", fix="name the device's key"
        ) from None


def _name(certificate: x509.Certificate) -> str:
    """The first DNS name, else the common name, else nothing."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        if dns := names.get_values_for_type(x509.DNSName):
            return dns[0]
    except x509.ExtensionNotFound:
        pass
    common = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(common[0].value) if common else ""
