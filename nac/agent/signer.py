"""Who this device is, and signing with its own key, the one of its EAP-TLS certificate."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Protocol

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509.oid import NameOID

from nac.agent.config import AgentConfig, DeviceSettings
from nac.agent.jose import algorithm_of, side_by_side
from nac.errors import PkiError
from nac.pki.key_kind import PrivateKey, PublicKey, accept_private_key, signature_hash
from nac.pki.keystore import read_private_file


class PinRefusedError(PkiError):
    """The token that the key is in does not take the PIN. Trying again may lock it."""


class Signer(Protocol):
    """A key that can sign, wherever it is kept."""

    @property
    def public_key(self) -> PublicKey: ...

    def sign(self, message: bytes) -> bytes:
        """The signature in JOSE's form (`nac/agent/jose.py`), by the algorithm of the key. Raises `PkiError`."""
        ...


@dataclass(frozen=True)
class FileSigner:
    """A key that was read from a file."""

    key: PrivateKey = field(repr=False)

    @property
    def public_key(self) -> PublicKey:
        return self.key.public_key()

    def sign(self, message: bytes) -> bytes:
        if isinstance(self.key, ed25519.Ed25519PrivateKey):
            return self.key.sign(message)
        if isinstance(self.key, ec.EllipticCurvePrivateKey):
            signature = self.key.sign(message, ec.ECDSA(signature_hash(self.key) or SHA256()))
            return side_by_side(signature, self.key.key_size)
        return self.key.sign(message, padding.PSS(padding.MGF1(SHA256()), SHA256.digest_size), SHA256())


@dataclass(frozen=True)
class DeviceIdentity:
    """Who this device is: the name in its certificate, the certificate's SHA-256, and the key that proves it."""

    name: str
    certificate_sha256: bytes
    signer: Signer

    @property
    def algorithm(self) -> str:
        """JOSE's name for what the signer makes."""
        return algorithm_of(self.signer.public_key)


def load_identity(config: AgentConfig) -> DeviceIdentity:
    """The certificate from its file, the key from its file or token.

    Raises `PkiError`: unreadable, open to others, weak, not there, not belonging together; `PinRefusedError`.
    """
    device = config.device
    try:
        certificate = x509.load_pem_x509_certificate(device.certificate.read_bytes())
    except OSError as error:
        raise PkiError(
            f"{device.certificate}: cannot be read: {error.strerror}",
            fix="name the device's certificate in agent.toml",
        ) from None
    except ValueError:
        raise PkiError(f"{device.certificate}: not a certificate (PEM)", fix="name the device's certificate") from None
    signer = _signer(config)
    if signer.public_key != certificate.public_key():
        raise PkiError(
            f"{config.pkcs11.uri or device.key}: does not belong to the certificate in {device.certificate}",
            fix="name the key that the certificate was made with; the device's own certificate stands first",
        )
    digest = hashlib.sha256(certificate.public_bytes(Encoding.DER)).digest()
    return DeviceIdentity(_name(certificate), digest, signer)


def read_passphrase(settings: DeviceSettings) -> bytes | None:
    """The passphrase of the key, None when it needs none. Raises `PkiError`."""
    return None if settings.passphrase is None else read_private_file(settings.passphrase).rstrip(b"\r\n")


def _signer(config: AgentConfig) -> Signer:
    if config.pkcs11.uri is None:
        return FileSigner(accept_private_key(_private_key(config.device), config.device.key))
    from nac.agent.pkcs11 import Pkcs11Key

    return Pkcs11Key.of(config.pkcs11).signer()


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
