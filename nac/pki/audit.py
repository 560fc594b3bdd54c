"""Acts of the authority's administrators -> lines of the audit (`nac.db.audit`).

The authority is files, and its acts are done before they are entered: a revocation must not wait for a database.
"""

from __future__ import annotations

from collections.abc import Sequence

from cryptography import x509
from sqlalchemy.orm import Session

from nac.db.audit import Actor, record
from nac.pki.authority import Authority
from nac.pki.crl import BuiltCrl
from nac.pki.expiry import display_name
from nac.pki.names import certificate_names
from nac.pki.record import Revocation, serial_text


def record_init(session: Session, actor: Actor, authority: Authority) -> None:
    """A new authority."""
    serials = f"root={_serial(authority.root)} issuing={_serial(authority.issuing)}"
    record(session, actor, "pki init", display_name(authority.root), f"{serials} directory={authority.folder.path}")


def record_issue(session: Session, actor: Actor, certificate: x509.Certificate) -> None:
    """A certificate for a user or device."""
    record(session, actor, "pki issue", display_name(certificate), _described(certificate))


def record_server(session: Session, actor: Actor, certificates: Sequence[x509.Certificate]) -> None:
    """New certificates for the server itself."""
    for certificate in certificates:
        record(session, actor, "pki server", display_name(certificate), _described(certificate))


def record_revocations(session: Session, actor: Actor, entries: Sequence[Revocation]) -> None:
    """Certificates that were revoked."""
    for entry in entries:
        record(session, actor, "pki revoke", entry.name, f"serial={entry.serial} reason={entry.reason}")


def record_lists(session: Session, actor: Actor, lists: Sequence[BuiltCrl]) -> None:
    """Revocation lists that were signed anew."""
    for built in lists:
        end = f"{built.next_update:%Y-%m-%dT%H:%MZ}"
        record(session, actor, "pki crl", built.authority, f"number={built.number} entries={built.entries} until={end}")


def _described(certificate: x509.Certificate) -> str:
    names = ",".join(certificate_names(certificate))
    return f"serial={_serial(certificate)} names={names} until={certificate.not_valid_after_utc:%Y-%m-%d}"


def _serial(certificate: x509.Certificate) -> str:
    return serial_text(certificate.serial_number)
