"""A signed token in compact form (RFC 7515 section 7.1)."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping

from nac.agent.signer import DeviceIdentity


def signed_token(claims: Mapping[str, object], identity: DeviceIdentity) -> bytes:
    """Header, claims and signature; the header names the certificate by its SHA-256 (RFC 7515 section 4.1.8)."""
    header = {
        "alg": identity.algorithm,
        "typ": "eat+jwt",
        "x5t#S256": base64url(identity.certificate_sha256),
    }
    message = f"{_part(header)}.{_part(claims)}".encode()
    return message + b"." + base64url(identity.signer.sign(message)).encode()


def base64url(raw: bytes) -> str:
    """Base64url without padding (RFC 7515 section 2)."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _part(value: Mapping[str, object]) -> str:
    return base64url(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())
