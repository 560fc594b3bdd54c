"""A posture report as it came -> a report whose signer is known. Pure: the peer and the time are arguments.

A report is a JWS in compact form (RFC 7515 section 7.1) over claims of an entity attestation token (RFC 9711), signed
with the key of the certificate that the TLS connection was made with. Nothing of the claims is read before the
signature holds. The header chooses no key, and an algorithm only among those of that key: `none` and keyed hashes are
not among them.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any, Final, Literal, TypeVar

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from msgspec import Meta, Struct

from nac.posture.findings import Finding, by_name
from nac.posture.refusal import RefusedError

MAX_OCTETS: Final = 65_536
"""Of a report: a hundred times a usual one."""

CLOCK_SKEW: Final = 300
"""Seconds that a device's clock may differ from ours."""

AUDIENCE: Final = "nac-posture"
MAX_CHECKS: Final = 64
MAX_LISTENERS: Final = 256
_LARGEST: Final = 2**53
"""Integers in JSON (RFC 8259 section 6)."""

_SEGMENT: Final = re.compile(rb"[A-Za-z0-9_-]*", re.ASCII)
_KNOWN_CERTIFICATES: Final = 16_384

Text = Annotated[str, Meta(max_length=256)]
Count = Annotated[int, Meta(ge=0, le=_LARGEST)]
Token = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{22}$")]
"""16 octets, base64url."""


class _Header(Struct):
    """RFC 7515 section 4."""

    alg: Literal["ES256", "ES384", "EdDSA", "PS256", "RS256"]
    typ: Literal["eat+jwt"]
    x5t: Text = msgspec.field(name="x5t#S256")
    crit: Any = None


class SaidCheck(Struct, frozen=True):
    """One check as the agent says it."""

    name: Text
    result: Literal["pass", "fail", "unknown"]
    value: str | int | float | bool | Annotated[list[str | int], Meta(max_length=4096)] | None = None
    detail: str = ""


class Listener(Struct, frozen=True):
    """A server on the device that belongs to AI work."""

    port: Annotated[int, Meta(ge=0, le=65535)]
    address: Text
    process: Text
    kind: Literal["notebook", "model-server", "other"]
    token: bool | None = None


class OperatingSystem(Struct, frozen=True):
    id: Text = ""
    version: Text = ""
    kernel: Text = ""


class AgentFiles(Struct, frozen=True):
    digest: Text = ""


class Said(Struct, frozen=True):
    """The claim `nac`."""

    counter: Count
    boot_id: Annotated[str, Meta(min_length=1, max_length=64)]
    platform: Literal["linux", "macos", "windows"]
    checks: Annotated[list[SaidCheck], Meta(max_length=MAX_CHECKS)]
    os: OperatingSystem = OperatingSystem()
    listeners: Annotated[list[Listener], Meta(max_length=MAX_LISTENERS)] = []
    agent: AgentFiles = AgentFiles()


class Claims(Struct, frozen=True):
    """RFC 9711 section 4 and RFC 7519 section 4.1. Claims that are not listed are ignored."""

    iss: Text
    sub: Text
    aud: str
    iat: Count
    jti: Token
    eat_nonce: Token
    ueid: Text
    uptime: Count
    swname: Text
    swversion: Text
    nac: Said
    oemboot: bool | None = None


@dataclass(frozen=True, slots=True)
class Signer:
    """Who the connection is with. `certificate`: DER, verified; `fingerprint`: its SHA-256, lower-case hex; `names`:
    DNS names and, where there is none, the common name.
    """

    certificate: bytes
    fingerprint: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """A report that the signer made. Whether it is the next one of its device is for `nac.posture.sequence`."""

    signer: Signer
    claims: Claims
    findings: dict[str, Finding]


def verify(body: bytes, signer: Signer, *, now: int) -> Report:
    """Raises `RefusedError`: oversize, malformed, foreign_key, bad_signature, wrong_audience, too_old,
    from_the_future."""
    if len(body) > MAX_OCTETS:
        raise RefusedError("oversize", f"a report has at most {MAX_OCTETS:,} octets, this one {len(body):,}")
    parts = body.strip().split(b".")
    if len(parts) != 3:
        raise RefusedError("malformed", "not a JWS in compact form (RFC 7515 section 7.1)")
    header = _decoded(_octets(parts[0], "header"), _HEADER, "header")
    if header.crit is not None:
        raise RefusedError("malformed", "the header names critical extensions, of which none is known here")
    if header.x5t != _thumbprint(signer):
        raise RefusedError("foreign_key", "signed for another certificate than the connection's")
    _check_signature(header.alg, signer, parts)
    claims = _decoded(_octets(parts[1], "claims"), _CLAIMS, "claims")
    _check_claims(claims, signer, now)
    return Report(signer, claims, by_name(finding(said) for said in claims.nac.checks))


def _check_claims(claims: Claims, signer: Signer, now: int) -> None:
    if claims.aud != AUDIENCE:
        raise RefusedError("wrong_audience", f"made for {claims.aud[:64]!r}, this is {AUDIENCE!r}")
    if claims.iat < now - CLOCK_SKEW:
        raise RefusedError("too_old", f"made {now - claims.iat} seconds ago, at most {CLOCK_SKEW} are taken")
    if claims.iat > now + CLOCK_SKEW:
        raise RefusedError(
            "from_the_future", f"made {claims.iat - now} seconds from now, at most {CLOCK_SKEW} are taken"
        )
    if claims.sub.lower() not in {name.lower() for name in signer.names}:
        raise RefusedError("foreign_key", f"speaks of {claims.sub[:64]!r}, which the certificate does not name")


def _check_signature(alg: str, signer: Signer, parts: list[bytes]) -> None:
    check = _verifiers(signer.certificate).get(alg)
    if check is None:
        raise RefusedError("bad_signature", f"{alg} does not fit the certificate's key")
    signature = _octets(parts[2], "signature")
    try:
        check(signature, parts[0] + b"." + parts[1])
    except (InvalidSignature, ValueError):
        raise RefusedError("bad_signature", "the signature does not hold") from None


@lru_cache(maxsize=_KNOWN_CERTIFICATES)
def _verifiers(certificate: bytes) -> dict[str, Callable[[bytes, bytes], None]]:
    """The algorithms (RFC 7518 section 3.1, RFC 8037 section 3.1) that the key of a certificate can be used with."""
    try:
        key = x509.load_der_x509_certificate(certificate).public_key()
    except (ValueError, UnsupportedAlgorithm):
        return {}
    if isinstance(key, ed25519.Ed25519PublicKey):
        return {"EdDSA": key.verify}
    if isinstance(key, rsa.RSAPublicKey) and key.key_size >= 2048:
        pss = padding.PSS(padding.MGF1(hashes.SHA256()), salt_length=hashes.SHA256.digest_size)
        return {
            "PS256": lambda signature, data: key.verify(signature, data, pss, hashes.SHA256()),
            "RS256": lambda signature, data: key.verify(signature, data, padding.PKCS1v15(), hashes.SHA256()),
        }
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in _CURVES:
        alg, octets, digest = _CURVES[key.curve.name]
        return {alg: lambda signature, data: key.verify(_dss(signature, octets), data, ec.ECDSA(digest))}
    return {}


_CURVES: Final[dict[str, tuple[str, int, hashes.HashAlgorithm]]] = {
    "secp256r1": ("ES256", 32, hashes.SHA256()),
    "secp384r1": ("ES384", 48, hashes.SHA384()),
}


def _dss(signature: bytes, octets: int) -> bytes:
    """R and S one after the other (RFC 7518 section 3.4) as DER."""
    if len(signature) != 2 * octets:
        raise ValueError("wrong length")
    return encode_dss_signature(int.from_bytes(signature[:octets], "big"), int.from_bytes(signature[octets:], "big"))


@lru_cache(maxsize=_KNOWN_CERTIFICATES)
def _thumbprint(signer: Signer) -> str:
    return encode(hashlib.sha256(signer.certificate).digest())


def encode(octets: bytes) -> str:
    """Base64url without padding (RFC 7515 section 2)."""
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def _octets(segment: bytes, what: str) -> bytes:
    """Base64url, in the one way that these octets are written."""
    try:
        if _SEGMENT.fullmatch(segment) is None:
            raise ValueError
        octets = base64.urlsafe_b64decode(segment + b"=" * (-len(segment) % 4))
        if encode(octets).encode() != segment:
            raise ValueError
    except (ValueError, binascii.Error):
        raise RefusedError("malformed", f"the {what} is not base64url (RFC 7515 section 2)") from None
    return octets


_T = TypeVar("_T")
_HEADER: Final = msgspec.json.Decoder(_Header)
_CLAIMS: Final = msgspec.json.Decoder(Claims)


def _decoded(text: bytes, decoder: msgspec.json.Decoder[_T], what: str) -> _T:
    try:
        return decoder.decode(text)
    except RecursionError:
        raise RefusedError("malformed", f"the {what} nests too deep") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RefusedError("malformed", f"the {what}: {str(error)[:200]}") from None


def finding(said: SaidCheck) -> Finding:
    """What is kept of a check; a list is one of texts."""
    value = said.value
    if isinstance(value, list):
        return Finding(said.name, said.result, tuple(str(item) for item in value), said.detail)
    return Finding(said.name, said.result, int(value) if isinstance(value, float) else value, said.detail)
