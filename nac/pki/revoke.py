"""Revoke certificates of the built-in authority, found by serial number, fingerprint, file or name."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from nac.errors import ConflictError, NotFoundError, PkiError
from nac.pki.authority import Authority
from nac.pki.crl import BuiltCrl, rebuild_locked
from nac.pki.folder import AuthorityName
from nac.pki.names import certificate_names
from nac.pki.read import read_certificates
from nac.pki.record import (
    Reason,
    Revocation,
    issued,
    load_revocations,
    save_revocations,
    serial_text,
)

_HEX: Final = re.compile(r"(?:0x)?[0-9A-Fa-f][0-9A-Fa-f:]*", re.ASCII)


@dataclass(frozen=True)
class Revoked:
    """What `revoke` did: the new entries, and the lists that tell of them."""

    entries: tuple[Revocation, ...]
    lists: tuple[BuiltCrl, ...]


def revoke(
    authority: Authority, certificates: list[x509.Certificate], *, now: datetime, reason: Reason = "unspecified"
) -> Revoked:
    """Record the revocation of certificates from `find` and sign the lists anew; a running server sees the new list.

    Raises `ConflictError` when one is revoked already, `PkiError` when a key is missing; then nothing is recorded.
    """
    with authority.folder.lock():
        record = load_revocations(authority.folder)
        known = record.by_serial()
        for certificate in certificates:
            if (entry := known.get(certificate.serial_number)) is not None:
                raise ConflictError(f"{entry.name} (serial {entry.serial}) is revoked already: {entry.reason}")
            if _issuer(authority, certificate) == "root" and not authority.has_key("root"):
                raise PkiError(
                    "the root's key is not here, so its list cannot be signed",
                    fix=f"bring {authority.folder.key('root')} back for this command",
                )
        authority.signer("issuing")
        entries = tuple(_entry(authority, certificate, now, reason) for certificate in certificates)
        save_revocations(authority.folder, msgspec.structs.replace(record, revoked=(*record.revoked, *entries)))
        return Revoked(entries, tuple(rebuild_locked(authority, now=now)))


def find(authority: Authority, reference: str) -> list[x509.Certificate]:
    """Certificates of this authority by serial (hex), SHA-256 fingerprint (hex), PEM or DER file, or name.

    A name may match several; a serial, fingerprint or file matches one. Raises `NotFoundError` with the nearest name.
    """
    everything = list(issued(authority.folder))
    if "/" in reference or Path(reference).is_file():
        wanted = read_certificates(Path(reference))[0]
        return _one([certificate for certificate in everything if certificate == wanted], reference)
    digits = re.sub(r"^0x|:", "", reference.lower())
    if _HEX.fullmatch(reference) and (numbered := [c for c in everything if _has_number(c, digits)]):
        return numbered
    wanted_name = reference.casefold()
    named = [c for c in everything if any(name.casefold() == wanted_name for name in certificate_names(c))]
    return named or _one([], reference, {name for c in everything for name in certificate_names(c)})


def revocable(authority: Authority, certificates: list[x509.Certificate], now: datetime) -> list[x509.Certificate]:
    """Those of `certificates` that are neither revoked nor expired."""
    revoked = load_revocations(authority.folder).by_serial()
    return [c for c in certificates if c.serial_number not in revoked and c.not_valid_after_utc > now]


def fingerprint(certificate: x509.Certificate) -> str:
    """SHA-256 over the DER, lower-case hex."""
    return certificate.fingerprint(hashes.SHA256()).hex()


def _has_number(certificate: x509.Certificate, digits: str) -> bool:
    return certificate.serial_number == int(digits, 16) or fingerprint(certificate) == digits


def _one(matches: list[x509.Certificate], reference: str, names: set[str] | None = None) -> list[x509.Certificate]:
    if matches:
        return matches
    nearest = difflib.get_close_matches(reference, names or (), n=1)
    fix = f"did you mean {nearest[0]}?" if nearest else "`nac pki show` lists what this authority issued"
    raise NotFoundError(f"{reference}: this authority issued no such certificate", fix=fix)


def _issuer(authority: Authority, certificate: x509.Certificate) -> AuthorityName:
    return "root" if certificate.issuer == authority.root.subject else "issuing"


def _entry(authority: Authority, certificate: x509.Certificate, now: datetime, reason: Reason) -> Revocation:
    return Revocation(
        serial=serial_text(certificate.serial_number),
        issuer=_issuer(authority, certificate),
        at=int(now.timestamp()),
        reason=reason,
        name=(certificate_names(certificate) or [serial_text(certificate.serial_number)])[0],
        not_after=int(certificate.not_valid_after_utc.timestamp()),
    )
