"""CRLs -> what they say, once their signature is verified (RFC 5280 6.3.3)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from nac.errors import PkiError
from nac.pki.authority_check import extension
from nac.pki.distinguished_name import distinguished_name
from nac.pki.expiry import PkiWarning


@dataclass(frozen=True)
class FoundCrl:
    """A CRL as it was read; nothing about it is verified."""

    crl: x509.CertificateRevocationList
    path: Path


@dataclass(frozen=True)
class RevocationData:
    """What `RevocationList` of the data plane is built from: one for each issuer, from verified lists only.

    `issuer`: DER Name; `serials`: big-endian without leading zero octets; times in Unix seconds. Where an authority
    splits its list (issuingDistributionPoint), the parts are joined and the earliest nextUpdate counts.
    """

    issuer: bytes
    serials: tuple[bytes, ...]
    this_update: int
    next_update: int

    def numbers(self) -> frozenset[int]:
        """The revoked serials as integers."""
        return frozenset(int.from_bytes(serial, "big") for serial in self.serials)


@dataclass(frozen=True)
class _Verified:
    crl: x509.CertificateRevocationList
    path: Path
    signer: x509.Certificate
    next_update: datetime


def collect_lists(
    found: Iterable[FoundCrl],
    *,
    trusted: Sequence[x509.Certificate],
    known: Sequence[x509.Certificate],
    now: datetime,
    warnings: list[PkiWarning],
) -> list[RevocationData]:
    """Verify every CRL against the `trusted` authorities and keep the newest of each.

    `known`: also the authorities that were left out; their lists are skipped without ado. Raises `PkiError` for a wrong
    signature and for a kind of list that cannot be evaluated.
    """
    newest: dict[tuple[bytes, bytes], _Verified] = {}
    for item in found:
        verified = _verify(item, trusted, known, warnings)
        if verified is None:
            continue
        place = (_key_bytes(verified.signer), _partition(verified.crl))
        if place not in newest or newest[place].crl.last_update_utc < verified.crl.last_update_utc:
            newest[place] = verified
    for verified in newest.values():
        warnings.extend(_freshness(verified, now))
    return _by_issuer(newest.values())


def _verify(
    item: FoundCrl,
    trusted: Sequence[x509.Certificate],
    known: Sequence[x509.Certificate],
    warnings: list[PkiWarning],
) -> _Verified | None:
    crl, path = item.crl, item.path
    issuer = distinguished_name(crl.issuer)
    candidates = [certificate for certificate in known if _may_have_signed(certificate, crl)]
    if not candidates:
        fix = "add its authority to [trust] roots or intermediates, or remove the list"
        warnings.append(
            PkiWarning(path, f"a revocation list of {issuer}, which is not trusted, is ignored", fix, "notice")
        )
        return None
    signers = [certificate for certificate in candidates if _signed(crl, certificate)]
    if not signers:
        raise PkiError(
            f"{path}: the signature of the revocation list of {issuer} is wrong",
            fix="fetch the list again; what is there is damaged or forged",
        )
    signer = next((certificate for certificate in signers if certificate in trusted), None)
    if signer is None:
        return None
    if not _evaluable(item, warnings):
        return None
    if crl.next_update_utc is None:
        warnings.append(PkiWarning(path, f"the revocation list of {issuer} has no nextUpdate", "RFC 5280 demands one"))
        return None
    return _Verified(crl, path, signer, crl.next_update_utc)


def _may_have_signed(certificate: x509.Certificate, crl: x509.CertificateRevocationList) -> bool:
    """The name fits, the key's identifier too where both give one, and the key may sign lists."""
    if certificate.subject != crl.issuer:
        return False
    usage = extension(certificate, x509.KeyUsage)
    if usage is not None and not usage.crl_sign:
        return False
    own = extension(certificate, x509.SubjectKeyIdentifier)
    try:
        wanted = crl.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
    except x509.ExtensionNotFound:
        return True
    return own is None or wanted is None or own.digest == wanted


def _signed(crl: x509.CertificateRevocationList, certificate: x509.Certificate) -> bool:
    try:
        return crl.is_signature_valid(certificate.public_key())  # type: ignore[arg-type] # others raise TypeError
    except (TypeError, ValueError, UnsupportedAlgorithm):
        return False


def _evaluable(item: FoundCrl, warnings: list[PkiWarning]) -> bool:
    """False for a delta list, which only adds to a full one. Raises `PkiError` for what would be read wrongly."""
    for entry in item.crl.extensions:
        if isinstance(entry.value, x509.DeltaCRLIndicator):
            fix = "use the full list; the delta can be removed"
            warnings.append(PkiWarning(item.path, "a delta revocation list is ignored", fix, "notice"))
            return False
        point = entry.value
        partial = isinstance(point, x509.IssuingDistributionPoint) and (
            point.indirect_crl or point.only_contains_attribute_certs or point.only_some_reasons is not None
        )
        if partial or (entry.critical and isinstance(point, x509.UnrecognizedExtension)):
            what = "indirect or partial" if partial else f"of an unknown kind ({entry.oid.dotted_string})"
            raise PkiError(
                f"{item.path}: the revocation list is {what}", fix="use the authority's full list of its own"
            )
    return True


def _partition(crl: x509.CertificateRevocationList) -> bytes:
    try:
        return crl.extensions.get_extension_for_class(x509.IssuingDistributionPoint).value.public_bytes()
    except x509.ExtensionNotFound:
        return b""


def _key_bytes(certificate: x509.Certificate) -> bytes:
    return certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _freshness(verified: _Verified, now: datetime) -> list[PkiWarning]:
    begin, end = verified.crl.last_update_utc, verified.next_update
    name = distinguished_name(verified.crl.issuer)
    fix = "fetch the next list (`nac pki crl` for the built-in authority)"
    if now > end:
        said = f"the revocation list of {name} is past its next update, {end:%Y-%m-%d %H:%M} UTC"
        return [PkiWarning(verified.path, said, fix, "expired")]
    if now < begin:
        said = f"the revocation list of {name} is valid only from {begin:%Y-%m-%d %H:%M} UTC"
        return [PkiWarning(verified.path, said, "check this machine's clock", "not-yet-valid")]
    if end - now < (end - begin) / 4:
        said = f"the revocation list of {name} ends on {end:%Y-%m-%d %H:%M} UTC"
        return [PkiWarning(verified.path, said, fix, "warning")]
    return []


def _by_issuer(lists: Iterable[_Verified]) -> list[RevocationData]:
    """One entry for each form in which the issuer's name may stand in a certificate."""
    groups: dict[bytes, list[_Verified]] = {}
    for verified in lists:
        for name in {verified.signer.subject.public_bytes(), verified.crl.issuer.public_bytes()}:
            groups.setdefault(name, []).append(verified)
    return [
        RevocationData(
            issuer=name,
            serials=tuple(sorted({_octets(entry.serial_number) for verified in group for entry in verified.crl})),
            this_update=min(int(verified.crl.last_update_utc.timestamp()) for verified in group),
            next_update=min(int(verified.next_update.timestamp()) for verified in group),
        )
        for name, group in groups.items()
    ]


def _octets(serial: int) -> bytes:
    return serial.to_bytes((serial.bit_length() + 7) // 8, "big")
