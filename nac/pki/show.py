"""What the built-in authority issued, what became of it, and how many days are left."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from nac.errors import PkiError
from nac.pki.authority import Authority
from nac.pki.crl import signing_authorities
from nac.pki.distinguished_name import distinguished_name
from nac.pki.expiry import Level, PkiWarning, certificate_level, days_left, display_name, expiry_warnings
from nac.pki.key_kind import describe
from nac.pki.names import certificate_names
from nac.pki.read import read_revocation_lists
from nac.pki.record import Revocation, issued, load_revocations, serial_text
from nac.pki.revoke import fingerprint

Kind = Literal["root", "issuing", "server", "client"]
Status = Literal["valid", "expired", "revoked", "not-yet-valid"]


@dataclass(frozen=True)
class CertificateRow:
    """One certificate as a list shows it. `warning` is the level of its end; revoked ones have none."""

    kind: Kind
    name: str
    names: tuple[str, ...]
    serial: str
    fingerprint: str
    key: str
    issuer: str
    not_before: datetime
    not_after: datetime
    days_left: int
    status: Status
    warning: Level
    revocation: Revocation | None


@dataclass(frozen=True)
class ListRow:
    """One revocation list as a list shows it. `current` is False once nextUpdate has passed."""

    authority: str
    number: int | None
    entries: int
    this_update: datetime
    next_update: datetime | None
    current: bool


def list_certificates(authority: Authority, *, now: datetime) -> list[CertificateRow]:
    """Every certificate of the authority, itself included: root, issuing, then by the date of their end."""
    revoked = load_revocations(authority.folder).by_serial()
    rows = [_row(authority, certificate, revoked, now) for certificate in [authority.root, *issued(authority.folder)]]
    order: list[Kind] = ["root", "issuing", "server", "client"]
    return sorted(rows, key=lambda row: (order.index(row.kind), row.not_after, row.serial))


def describe_certificate(authority: Authority, certificate: x509.Certificate, *, now: datetime) -> CertificateRow:
    """One certificate of the authority. Look it up with `nac.pki.revoke.find`."""
    return _row(authority, certificate, load_revocations(authority.folder).by_serial(), now)


def list_crls(authority: Authority, *, now: datetime) -> list[ListRow]:
    """The lists that stand in the folder. Raises `PkiError` when one is damaged."""
    rows = []
    for name in ("root", "issuing"):
        path = authority.folder.crl("root" if name == "root" else "issuing")
        if not path.exists():
            continue
        crl = read_revocation_lists(path)[0]
        end = crl.next_update_utc
        rows.append(ListRow(name, _number(crl), len(crl), crl.last_update_utc, end, end is not None and now <= end))
    return rows


def authority_warnings(authority: Authority, *, now: datetime) -> list[PkiWarning]:
    """What `nac check` says of the authority itself: its certificates near their end, lists missing or stale."""
    folder = authority.folder
    found = expiry_warnings(authority.root, folder.certificate("root"), now, fix="plan a new root and deploy it first")
    found += expiry_warnings(authority.issuing, folder.certificate("issuing"), now, fix="plan a new authority")
    current = {row.authority for row in list_crls(authority, now=now) if row.current}
    for name in signing_authorities(authority):
        if name not in current:
            found.append(PkiWarning(folder.crl(name), "no current revocation list", "run `nac pki crl`", "urgent"))
    for name in signing_authorities(authority):
        try:
            authority.signer(name)
        except PkiError as error:
            found.append(PkiWarning(folder.key(name), error.message, error.fix, "urgent"))
    return found


def _row(
    authority: Authority, certificate: x509.Certificate, revoked: dict[int, Revocation], now: datetime
) -> CertificateRow:
    revocation = revoked.get(certificate.serial_number)
    urgency = certificate_level(certificate, now)
    status: Status = "valid"
    if revocation is not None:
        status = "revoked"
    elif urgency in ("expired", "not-yet-valid"):
        status = "expired" if urgency == "expired" else "not-yet-valid"
    return CertificateRow(
        kind=_kind(authority, certificate),
        name=display_name(certificate),
        names=tuple(certificate_names(certificate)),
        serial=serial_text(certificate.serial_number),
        fingerprint=fingerprint(certificate),
        key=describe(certificate.public_key()),
        issuer=distinguished_name(certificate.issuer),
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        days_left=days_left(certificate.not_valid_after_utc, now),
        status=status,
        warning="fine" if revocation is not None else urgency,
        revocation=revocation,
    )


def _kind(authority: Authority, certificate: x509.Certificate) -> Kind:
    if certificate == authority.root:
        return "root"
    if certificate == authority.issuing:
        return "issuing"
    try:
        purposes = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return "issuing"
    return "server" if ExtendedKeyUsageOID.SERVER_AUTH in purposes else "client"


def _number(crl: x509.CertificateRevocationList) -> int | None:
    try:
        return crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
    except x509.ExtensionNotFound:
        return None
