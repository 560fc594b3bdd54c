"""What must be true of an authority's certificate before devices below it are let in (RFC 5280 6.1.4, RFC 5216 5.3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from nac.errors import PkiError
from nac.pki.expiry import display_name
from nac.pki.key_kind import SMALLEST_RSA_BITS, describe

_WEAK_HASHES: Final = (hashes.SHA1, hashes.MD5, hashes.SHA224)
_CLIENT_PURPOSES: Final = {ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE}
_Extension = TypeVar("_Extension", bound=x509.ExtensionType)


@dataclass(frozen=True)
class Refusal:
    """Why a certificate is left out, and what to do."""

    said: str
    fix: str


def check_anchor(certificate: x509.Certificate, path: Path, now: datetime) -> Refusal | None:
    """None when the certificate may be a trust anchor now. Raises `PkiError` when it can never be one."""
    if (refusal := _authority(certificate)) is not None:
        raise PkiError(f"{path}: {display_name(certificate)}: {refusal.said}", fix=refusal.fix)
    if certificate.issuer == certificate.subject:
        try:
            certificate.verify_directly_issued_by(certificate)
        except (ValueError, TypeError, InvalidSignature):
            said = f"{path}: {display_name(certificate)}: its own signature is wrong"
            raise PkiError(said, fix="the file is damaged or forged: export the root again") from None
    return _timely(certificate, now) or _key(certificate)


def check_intermediate(
    certificate: x509.Certificate, above: Sequence[x509.Certificate], now: datetime
) -> Refusal | None:
    """None when the certificate, signed by `above[0]`, may vouch for devices. `above` ends with the anchor."""
    return (
        _authority(certificate)
        or _timely(certificate, now)
        or _key(certificate)
        or _signature(certificate)
        or _purpose(certificate)
        or _limits(certificate, above)
    )


def _authority(certificate: x509.Certificate) -> Refusal | None:
    constraints = extension(certificate, x509.BasicConstraints)
    if constraints is None or not constraints.ca:
        return Refusal(
            "it is not a certificate authority", "name an authority's certificate, not a device's or server's"
        )
    usage = extension(certificate, x509.KeyUsage)
    if usage is not None and not usage.key_cert_sign:
        return Refusal("its key may not sign certificates (keyUsage)", "name the authority that signs the devices")
    return None


def _timely(certificate: x509.Certificate, now: datetime) -> Refusal | None:
    if now > certificate.not_valid_after_utc:
        end = certificate.not_valid_after_utc
        return Refusal(f"it expired on {end:%Y-%m-%d %H:%M} UTC", "replace it by its successor")
    if now < certificate.not_valid_before_utc:
        begin = certificate.not_valid_before_utc
        return Refusal(f"it is valid only from {begin:%Y-%m-%d %H:%M} UTC", "check this machine's clock")
    return None


def _key(certificate: x509.Certificate) -> Refusal | None:
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey) and key.key_size >= SMALLEST_RSA_BITS:
        return None
    if isinstance(key, ed25519.Ed25519PublicKey):
        return None
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in ("secp256r1", "secp384r1", "secp521r1"):
        return None
    return Refusal(f"its {describe(key)} key is too weak or of an unknown kind", "use an authority with a stronger key")


def _signature(certificate: x509.Certificate) -> Refusal | None:
    if isinstance(certificate.signature_hash_algorithm, _WEAK_HASHES):
        name = certificate.signature_hash_algorithm.name.upper()
        return Refusal(f"it is signed with {name}", "have it signed again with SHA-256 or better")
    return None


def _purpose(certificate: x509.Certificate) -> Refusal | None:
    purposes = extension(certificate, x509.ExtendedKeyUsage)
    if purposes is not None and not _CLIENT_PURPOSES.intersection(purposes):
        return Refusal("it may not sign client certificates (extKeyUsage)", "name the authority that signs the devices")
    for entry in certificate.extensions:
        if entry.critical and isinstance(entry.value, x509.UnrecognizedExtension):
            return Refusal(f"it has the unknown critical extension {entry.oid.dotted_string}", "use another authority")
    return None


def _limits(certificate: x509.Certificate, above: Sequence[x509.Certificate]) -> Refusal | None:
    """Limits that stand higher up: the data plane would not see them, because it begins at this certificate."""
    depth = 0
    for upper in above:
        constraints = extension(upper, x509.BasicConstraints)
        if constraints is not None and constraints.path_length is not None and constraints.path_length < depth + 1:
            return Refusal(
                f"{display_name(upper)} allows no authority here (pathLenConstraint)", "use another authority"
            )
        if extension(upper, x509.NameConstraints) is not None:
            fix = "have devices send this certificate with their own, so that the limit is seen"
            return Refusal(f"{display_name(upper)} limits the names below it (nameConstraints)", fix)
        if upper.issuer != upper.subject:
            depth += 1
    return None


def extension(certificate: x509.Certificate, kind: type[_Extension]) -> _Extension | None:
    """The value of an extension; None when the certificate does not have it."""
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None
