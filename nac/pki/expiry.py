"""How near something is to its end, in the steps at which an administrator wants to hear of it: 90, 30 and 7 days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Literal

from cryptography import x509

from nac.pki.distinguished_name import distinguished_name
from nac.pki.names import certificate_names

Level = Literal["fine", "notice", "warning", "urgent", "expired", "not-yet-valid"]

STEPS: Final[tuple[tuple[int, Level], ...]] = ((7, "urgent"), (30, "warning"), (90, "notice"))


@dataclass(frozen=True)
class PkiWarning:
    """Something that works today but wants attention, or that was left out. `level` orders them for people."""

    path: Path
    said: str
    fix: str
    level: Level = "warning"

    def __str__(self) -> str:
        return f"{self.path}: {self.said}"


def days_left(not_after: datetime, now: datetime) -> int:
    """Whole days until `not_after`; negative once it has passed."""
    return (not_after - now) // timedelta(days=1)


def level(not_before: datetime, not_after: datetime, now: datetime) -> Level:
    """How urgent the end is. Lifetimes shorter than 180 days are never `notice`: they are made to be renewed."""
    if now < not_before:
        return "not-yet-valid"
    if now > not_after:
        return "expired"
    left = days_left(not_after, now)
    for days, name in STEPS:
        if left < days and (not_after - not_before) > timedelta(days=2 * days):
            return name
    return "fine"


def certificate_level(certificate: x509.Certificate, now: datetime) -> Level:
    """`level` of a certificate."""
    return level(certificate.not_valid_before_utc, certificate.not_valid_after_utc, now)


def expiry_warnings(certificate: x509.Certificate, path: Path, now: datetime, *, fix: str) -> list[PkiWarning]:
    """One warning when the certificate ends within 90 days, has ended or has not begun; else none."""
    urgency = certificate_level(certificate, now)
    if urgency == "fine":
        return []
    name = display_name(certificate)
    if urgency == "not-yet-valid":
        begin = certificate.not_valid_before_utc
        return [PkiWarning(path, f"{name} is valid only from {begin:%Y-%m-%d %H:%M} UTC", "check the clock", urgency)]
    end = certificate.not_valid_after_utc
    if urgency == "expired":
        return [PkiWarning(path, f"{name} expired on {end:%Y-%m-%d %H:%M} UTC", fix, urgency)]
    left = days_left(end, now)
    return [PkiWarning(path, f"{name} expires in {left} days, on {end:%Y-%m-%d}", fix, urgency)]


def display_name(certificate: x509.Certificate) -> str:
    """The first name that a person knows the certificate by, else its whole subject."""
    names = certificate_names(certificate)
    return names[0] if names else distinguished_name(certificate.subject) or "a certificate without a name"
