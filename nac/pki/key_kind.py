"""Kinds of key that may stand in a certificate: P-256, P-384, Ed25519 and RSA of at least 2048 bits."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from nac.errors import PkiError

PrivateKey = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey
PublicKey = ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | rsa.RSAPublicKey

SMALLEST_RSA_BITS: Final = 2048
_CURVES: Final = {"secp256r1": "P-256", "secp384r1": "P-384"}
_FIX_WEAK: Final = "use P-256, P-384, Ed25519, or RSA with at least 2048 bits"


class KeyKind(Enum):
    """What `--key` names."""

    P256 = "p256"
    P384 = "p384"
    ED25519 = "ed25519"
    RSA2048 = "rsa2048"
    RSA4096 = "rsa4096"

    def generate(self) -> PrivateKey:
        """A fresh key from the system's random source."""
        if self is KeyKind.P256:
            return ec.generate_private_key(ec.SECP256R1())
        if self is KeyKind.P384:
            return ec.generate_private_key(ec.SECP384R1())
        if self is KeyKind.ED25519:
            return ed25519.Ed25519PrivateKey.generate()
        return rsa.generate_private_key(65537, 2048 if self is KeyKind.RSA2048 else 4096)


def describe(key: object) -> str:
    """`P-256`, `RSA-2048`, `Ed25519`: the words of certificates and tables."""
    if isinstance(key, rsa.RSAPublicKey | rsa.RSAPrivateKey):
        return f"RSA-{key.key_size}"
    if isinstance(key, ec.EllipticCurvePublicKey | ec.EllipticCurvePrivateKey):
        return _CURVES.get(key.curve.name, key.curve.name)
    if isinstance(key, ed25519.Ed25519PublicKey | ed25519.Ed25519PrivateKey):
        return "Ed25519"
    return type(key).__name__.lstrip("_").removesuffix("PublicKey").removesuffix("PrivateKey")


def accept_private_key(key: object, path: Path) -> PrivateKey:
    """The same key, known to be of a kind that nac uses. Raises `PkiError`."""
    if isinstance(key, PrivateKey) and _strong(key):
        return key
    raise PkiError(f"{path}: a {describe(key)} key is not accepted", fix=_FIX_WEAK)


def accept_public_key(key: object, path: Path) -> PublicKey:
    """The same key, known to be of a kind that nac uses. Raises `PkiError`."""
    if isinstance(key, PublicKey) and _strong(key):
        return key
    raise PkiError(f"{path}: a {describe(key)} key is not accepted", fix=_FIX_WEAK)


def signature_hash(key: PrivateKey) -> hashes.SHA256 | hashes.SHA384 | None:
    """The hash that a signature by this key uses: as strong as the key; Ed25519 brings its own."""
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return None
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name == "secp384r1":
        return hashes.SHA384()
    return hashes.SHA256()


def _strong(key: PrivateKey | PublicKey) -> bool:
    if isinstance(key, rsa.RSAPublicKey | rsa.RSAPrivateKey):
        return key.key_size >= SMALLEST_RSA_BITS
    if isinstance(key, ec.EllipticCurvePublicKey | ec.EllipticCurvePrivateKey):
        return key.curve.name in _CURVES
    return True
