"""Whose certificates count: roots, intermediates and revocation lists from files, checked before use.

What is broken raises `PkiError`, so that a running server keeps what it has; what is merely of no use (expired, from a
stranger) is left out with a warning. The path of each device's chain is built by the data plane at its handshake; here
stands only what is true of the authorities themselves. The data plane takes intermediates for as good as anchors, so
all that RFC 5280 section 6.1 asks about them is asked here.
"""

from __future__ import annotations

import glob
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding

from nac.errors import PkiError
from nac.pki.authority_check import Refusal, check_anchor, check_intermediate
from nac.pki.distinguished_name import distinguished_name
from nac.pki.expiry import PkiWarning, display_name, expiry_warnings
from nac.pki.read import read_certificates, read_revocation_lists
from nac.pki.revocation_list import FoundCrl, RevocationData, collect_lists

RevocationMode = Literal["require", "available", "stale-ok"]

_FIX_RENEW = "deploy its successor; until then devices below it are refused once it has ended"


@dataclass(frozen=True)
class TrustMaterial:
    """What `Trust` of the data plane is built from; certificates are DER.

    `reload_at`: Unix seconds after which the same files may give another result (something begins or ends), None when
    nothing will change by itself.
    """

    anchors: tuple[bytes, ...]
    intermediates: tuple[bytes, ...]
    revocation_lists: tuple[RevocationData, ...]
    warnings: tuple[PkiWarning, ...]
    reload_at: int | None


@dataclass(frozen=True)
class _Candidate:
    """An authority's certificate, where it was found, and who signed it (None for an anchor)."""

    certificate: x509.Certificate
    path: Path
    issuer: _Candidate | None = None


def load_trust(
    *,
    roots: Sequence[Path],
    intermediates: Sequence[Path],
    crls: Sequence[Path],
    revocation: RevocationMode,
    now: datetime,
) -> TrustMaterial:
    """Read and check everything that `[trust]` names; `crls` may hold `*` patterns.

    Raises `PkiError`: a file is missing or damaged, a root is no authority, a list's signature is wrong, or no usable
    root is left.
    """
    warnings: list[PkiWarning] = []
    found_roots = [_Candidate(certificate, path) for path in roots for certificate in read_certificates(path)]
    below = [_Candidate(certificate, path) for path in intermediates for certificate in read_certificates(path)]
    anchors = _anchors(_distinct(found_roots), now, warnings)
    below = [candidate for candidate in _distinct(below) if _der(candidate) not in {_der(a) for a in found_roots}]
    chained = _chain(anchors, below, now, warnings)
    lists = collect_lists(
        _read_crls(crls, warnings),
        trusted=[candidate.certificate for candidate in [*anchors, *chained]],
        known=[candidate.certificate for candidate in [*found_roots, *below]],
        now=now,
        warnings=warnings,
    )
    kept = _unrevoked(anchors, chained, lists, revocation, now, warnings)
    _warn_missing_lists([*anchors, *kept], lists, revocation, warnings)
    return TrustMaterial(
        anchors=tuple(_der(candidate) for candidate in anchors),
        intermediates=tuple(_der(candidate) for candidate in kept),
        revocation_lists=tuple(lists),
        warnings=tuple(warnings),
        reload_at=_next_change([*found_roots, *below], lists, now),
    )


def _anchors(candidates: Iterable[_Candidate], now: datetime, warnings: list[PkiWarning]) -> list[_Candidate]:
    kept = []
    for candidate in candidates:
        refusal = check_anchor(candidate.certificate, candidate.path, now)
        if refusal is not None:
            warnings.append(_left_out(candidate, refusal))
            continue
        warnings.extend(expiry_warnings(candidate.certificate, candidate.path, now, fix=_FIX_RENEW))
        kept.append(candidate)
    if not kept:
        said = "; ".join(str(warning) for warning in warnings) or "the files name none"
        raise PkiError(f"no usable root certificate: {said}", fix="name a valid root under [trust] roots")
    return kept


def _chain(
    anchors: list[_Candidate], candidates: list[_Candidate], now: datetime, warnings: list[PkiWarning]
) -> list[_Candidate]:
    """The candidates that lead to an anchor, nearest first. Each round adds what those of the last round signed."""
    chained: list[_Candidate] = []
    remaining, issuers = candidates, anchors
    while issuers and remaining:
        signed = [(candidate, _signer(candidate, issuers)) for candidate in remaining]
        remaining = [candidate for candidate, issuer in signed if issuer is None]
        issuers = []
        for candidate, issuer in signed:
            if issuer is None:
                continue
            refusal = check_intermediate(candidate.certificate, _above(issuer), now)
            if refusal is not None:
                warnings.append(_left_out(candidate, refusal))
                continue
            warnings.extend(expiry_warnings(candidate.certificate, candidate.path, now, fix=_FIX_RENEW))
            issuers.append(_Candidate(candidate.certificate, candidate.path, issuer))
        chained.extend(issuers)
    for candidate in remaining:
        fix = "add its root to [trust] roots if devices below it shall be let in, else remove it"
        warnings.append(_left_out(candidate, Refusal("no trusted root leads to it", fix)))
    return chained


def _signer(candidate: _Candidate, issuers: list[_Candidate]) -> _Candidate | None:
    for issuer in issuers:
        try:
            candidate.certificate.verify_directly_issued_by(issuer.certificate)
        except (ValueError, TypeError, InvalidSignature):
            continue
        return issuer
    return None


def _above(issuer: _Candidate) -> list[x509.Certificate]:
    """The issuer and everything above it, the anchor last."""
    path = [issuer.certificate]
    while issuer.issuer is not None:
        issuer = issuer.issuer
        path.append(issuer.certificate)
    return path


def _unrevoked(
    anchors: list[_Candidate],
    chained: list[_Candidate],
    lists: list[RevocationData],
    mode: RevocationMode,
    now: datetime,
    warnings: list[PkiWarning],
) -> list[_Candidate]:
    """The chained authorities that are not revoked, as far as `mode` wants to know; what hangs below one falls too."""
    by_issuer = {entry.issuer: entry for entry in lists}
    trusted = {_der(anchor) for anchor in anchors}
    kept = []
    for candidate in chained:
        if candidate.issuer is None or _der(candidate.issuer) not in trusted:
            warnings.append(
                _left_out(candidate, Refusal("its issuer was left out", "see the warning about its issuer"))
            )
            continue
        refusal = _revocation_refusal(candidate, by_issuer, mode, now)
        if refusal is not None:
            warnings.append(_left_out(candidate, refusal))
            continue
        trusted.add(_der(candidate))
        kept.append(candidate)
    return kept


def _revocation_refusal(
    candidate: _Candidate, lists: dict[bytes, RevocationData], mode: RevocationMode, now: datetime
) -> Refusal | None:
    issuer = candidate.certificate.issuer
    entry = lists.get(issuer.public_bytes())
    name = distinguished_name(issuer)
    fix = f"fetch the current list of {name} into [trust] crls, or choose another [trust] revocation"
    if entry is None:
        return Refusal(f'no revocation list of {name}, and revocation = "require"', fix) if mode == "require" else None
    if candidate.certificate.serial_number in entry.numbers():
        return Refusal("it is revoked", "remove it; devices below it need new certificates")
    if now.timestamp() > entry.next_update and mode != "stale-ok":
        return Refusal(f"the revocation list of {name} is past its next update", fix)
    return None


def _warn_missing_lists(
    authorities: list[_Candidate], lists: list[RevocationData], mode: RevocationMode, warnings: list[PkiWarning]
) -> None:
    known = {entry.issuer for entry in lists}
    for candidate in authorities:
        if candidate.certificate.subject.public_bytes() in known:
            continue
        name = display_name(candidate.certificate)
        if mode == "require":
            said = f"no revocation list of {name}: every certificate that it signed is refused"
            warnings.append(PkiWarning(candidate.path, said, "add its list to [trust] crls", "urgent"))
        else:
            said = f"no revocation list of {name}: revoked certificates of it are let in"
            warnings.append(PkiWarning(candidate.path, said, "add its list to [trust] crls", "notice"))


def _read_crls(patterns: Sequence[Path], warnings: list[PkiWarning]) -> list[FoundCrl]:
    found: dict[Path, None] = {}
    for pattern in patterns:
        if not glob.has_magic(str(pattern)):
            found[pattern] = None
            continue
        matches = [Path(name) for name in sorted(glob.glob(str(pattern)))]  # noqa: PTH207 - the pattern is absolute
        if not matches:
            warnings.append(PkiWarning(pattern, "no file matches", "correct the pattern, or put a list there"))
        found.update(dict.fromkeys(matches))
    return [FoundCrl(crl, path) for path in found for crl in read_revocation_lists(path)]


def _left_out(candidate: _Candidate, refusal: Refusal) -> PkiWarning:
    said = f"{display_name(candidate.certificate)} is left out: {refusal.said}"
    return PkiWarning(candidate.path, said, refusal.fix)


def _distinct(candidates: Iterable[_Candidate]) -> list[_Candidate]:
    return list({_der(candidate): candidate for candidate in reversed(list(candidates))}.values())[::-1]


def _der(candidate: _Candidate) -> bytes:
    return candidate.certificate.public_bytes(Encoding.DER)


def _next_change(candidates: list[_Candidate], lists: list[RevocationData], now: datetime) -> int | None:
    """The next moment at which a certificate begins or ends, or a list goes stale; one second after it, it is so."""
    moments = [entry.next_update for entry in lists]
    for candidate in candidates:
        moments.append(int(candidate.certificate.not_valid_before_utc.timestamp()))
        moments.append(int(candidate.certificate.not_valid_after_utc.timestamp()))
    return min((moment + 1 for moment in moments if moment >= int(now.timestamp())), default=None)
