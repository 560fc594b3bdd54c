"""Revocation lists of the built-in authority (RFC 5280 5): the root covers the issuing CA, which covers the rest."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final, get_args

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from nac.errors import PkiError
from nac.pki.folder import AuthorityName
from nac.pki.key_kind import signature_hash
from nac.pki.keystore import PUBLIC, make_private_folder, replace_file
from nac.pki.read import read_revocation_lists
from nac.pki.record import Reason, Revocation, load_revocations, save_revocations

if TYPE_CHECKING:
    from nac.pki.authority import Authority

DEFAULT_DAYS: Final = 7
"""From thisUpdate to nextUpdate. Under `revocation = "require"` nobody gets in once it has passed."""

_REASONS: Final[dict[Reason, x509.ReasonFlags]] = {
    "unspecified": x509.ReasonFlags.unspecified,
    "key-compromise": x509.ReasonFlags.key_compromise,
    "ca-compromise": x509.ReasonFlags.ca_compromise,
    "affiliation-changed": x509.ReasonFlags.affiliation_changed,
    "superseded": x509.ReasonFlags.superseded,
    "cessation-of-operation": x509.ReasonFlags.cessation_of_operation,
    "privilege-withdrawn": x509.ReasonFlags.privilege_withdrawn,
}


@dataclass(frozen=True)
class BuiltCrl:
    """One list that was written. `entries`: how many certificates it revokes."""

    authority: AuthorityName
    path: Path
    number: int
    entries: int
    next_update: datetime


def build_crls(authority: Authority, *, now: datetime, days: int = DEFAULT_DAYS) -> list[BuiltCrl]:
    """Sign both lists anew; the root's only where the root's key is at hand. Raises `PkiError`.

    The signing time grows with the square of the entries (100,000: many seconds), so revoked certificates leave the
    list once they have expired.
    """
    with authority.folder.lock():
        return rebuild_locked(authority, now=now, days=days)


def rebuild_locked(authority: Authority, *, now: datetime, days: int = DEFAULT_DAYS) -> list[BuiltCrl]:
    """`build_crls` for a caller that holds `authority.folder.lock()` already."""
    record = load_revocations(authority.folder)
    numbers = dict(record.crl_numbers)
    built = []
    for name in signing_authorities(authority):
        numbers[name] = numbers.get(name, 0) + 1
        entries = [entry for entry in record.revoked if entry.issuer == name and _listed(entry, now)]
        built.append(_build(authority, name, entries, number=numbers[name], now=now, days=days))
        save_revocations(authority.folder, msgspec.structs.replace(record, crl_numbers=numbers))
    return built


def refresh_if_due(authority: Authority, *, now: datetime, days: int = DEFAULT_DAYS) -> list[BuiltCrl]:
    """Sign both lists anew when one is missing, unreadable, or past half of its time; else do nothing.

    A service calls it every hour; where the issuing key is not at hand, signing is somebody else's task. Returns what
    was written. Raises `PkiError`.
    """
    if not authority.has_key("issuing"):
        return []
    if any(_due(authority.folder.crl(name), now) for name in signing_authorities(authority)):
        return build_crls(authority, now=now, days=days)
    return []


def signing_authorities(authority: Authority) -> list[AuthorityName]:
    """The authorities that can sign a list now: an offline root cannot."""
    return [name for name in get_args(AuthorityName) if name == "issuing" or authority.has_key(name)]


def _build(
    authority: Authority,
    name: AuthorityName,
    entries: Iterable[Revocation],
    *,
    number: int,
    now: datetime,
    days: int,
) -> BuiltCrl:
    signer = authority.signer(name)
    next_update = now + timedelta(days=days)
    builder = (
        x509.CertificateRevocationListBuilder(revoked_certificates=[_entry(entry) for entry in entries])
        .issuer_name(signer.certificate.subject)
        .last_update(now)
        .next_update(next_update)
        .add_extension(x509.CRLNumber(number), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.key.public_key()), critical=False)
    )
    crl = builder.sign(signer.key, signature_hash(signer.key))
    path = authority.folder.crl(name)
    make_private_folder(path.parent)
    replace_file(path, crl.public_bytes(Encoding.PEM), mode=PUBLIC)
    return BuiltCrl(name, path, number, len(crl), next_update)


def _entry(entry: Revocation) -> x509.RevokedCertificate:
    builder = (
        x509.RevokedCertificateBuilder()
        .serial_number(int(entry.serial, 16))
        .revocation_date(datetime.fromtimestamp(entry.at, UTC))
    )
    if entry.reason != "unspecified":  # RFC 5280 5.3.1: absent instead of unspecified
        builder = builder.add_extension(x509.CRLReason(_REASONS[entry.reason]), critical=False)
    return builder.build()


def _listed(entry: Revocation, now: datetime) -> bool:
    """Kept for 30 days beyond the certificate's end: at least one list after it must name it (RFC 5280 3.3)."""
    return entry.not_after + 30 * 86400 > now.timestamp()


def _due(path: Path, now: datetime) -> bool:
    try:
        crl = read_revocation_lists(path)[0]
    except PkiError:
        return True
    if crl.next_update_utc is None:
        return True
    return now >= crl.last_update_utc + (crl.next_update_utc - crl.last_update_utc) / 2
