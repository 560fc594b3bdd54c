"""Signatures in the form of JOSE, whatever made them."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from nac.pki.key_kind import PublicKey


def algorithm_of(key: PublicKey) -> str:
    """The algorithm that a key signs with here (RFC 7518 section 3.1, RFC 8037 section 3.1)."""
    if isinstance(key, ec.EllipticCurvePublicKey):
        return "ES384" if key.curve.name == "secp384r1" else "ES256"
    return "EdDSA" if isinstance(key, ed25519.Ed25519PublicKey) else "PS256"


def side_by_side(signature: bytes, key_bits: int) -> bytes:
    """r and s of an ECDSA signature in DER, one after the other (RFC 7518 section 3.4)."""
    size = (key_bits + 7) // 8
    return b"".join(number.to_bytes(size, "big") for number in decode_dss_signature(signature))
