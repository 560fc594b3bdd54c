"""Certificates and revocation lists from files, PEM (several to a file) or DER, parsed completely."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

from nac.errors import PkiError

MAX_BYTES: Final = 64 * 1024 * 1024
"""A list of a million revoked serials is about 40 MB; a larger file is no certificate and no list."""

_BLOCK: Final = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----.*?-----END \1-----", re.DOTALL)
_Parsed = TypeVar("_Parsed")

PARSE_FAULTS: Final = (ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion, x509.DuplicateExtension)
"""What `cryptography` raises for malformed or unknown input, now or when a field is first looked at."""


def read_certificates(path: Path) -> list[x509.Certificate]:
    """All certificates of the file, in order, at least one. Raises `PkiError` that names file and position."""
    return _read(path, "certificate", (b"CERTIFICATE", b"TRUSTED CERTIFICATE"), _certificate_pem, _certificate_der)


def read_revocation_lists(path: Path) -> list[x509.CertificateRevocationList]:
    """All CRLs of the file, in order, at least one; signatures are not checked yet. Raises `PkiError`."""
    return _read(path, "revocation list", (b"X509 CRL",), _crl_pem, _crl_der)


def read_request(path: Path) -> x509.CertificateSigningRequest:
    """The PKCS#10 request in the file, its signature (proof of possession) verified. Raises `PkiError`."""
    raw = _bytes(path)
    try:
        pem = raw.lstrip().startswith(b"-----BEGIN")
        request = x509.load_pem_x509_csr(raw) if pem else x509.load_der_x509_csr(raw)
        request.public_key()
        valid = request.is_signature_valid
    except PARSE_FAULTS as error:
        raise PkiError(f"{path}: not a certificate request: {error}", fix="make one with `openssl req -new`") from None
    if not valid:
        raise PkiError(f"{path}: the request's signature is wrong", fix="make the request again with the right key")
    return request


def _read(
    path: Path,
    noun: str,
    labels: tuple[bytes, ...],
    from_pem: Callable[[bytes], _Parsed],
    from_der: Callable[[bytes], _Parsed],
) -> list[_Parsed]:
    raw = _bytes(path)
    if b"-----BEGIN " not in raw:
        return [_parse(path, noun, raw, from_der)]
    blocks = [match for match in _BLOCK.finditer(raw) if match[1] in labels]
    if not blocks:
        found = {match[1].decode() for match in _BLOCK.finditer(raw)}
        holds = f"it holds {', '.join(sorted(found))}" if found else "its PEM is not complete"
        raise PkiError(f"{path}: no {noun} in it; {holds}", fix=f"name a file with a {noun}, PEM or DER")
    return [
        _parse(path, f"{noun} {number} of {len(blocks)}" if len(blocks) > 1 else noun, block[0], from_pem)
        for number, block in enumerate(blocks, 1)
    ]


def _parse(path: Path, noun: str, raw: bytes, parse: Callable[[bytes], _Parsed]) -> _Parsed:
    try:
        return parse(raw)
    except PARSE_FAULTS as error:
        said = " ".join(str(error).split())
        raise PkiError(f"{path}: {noun} does not parse: {said}", fix="export it again, as PEM or DER") from None


def _certificate_pem(raw: bytes) -> x509.Certificate:
    return _complete_certificate(x509.load_pem_x509_certificate(raw))


def _certificate_der(raw: bytes) -> x509.Certificate:
    return _complete_certificate(x509.load_der_x509_certificate(raw))


def _complete_certificate(certificate: x509.Certificate) -> x509.Certificate:
    """Look at every field that is used later: parsing is lazy, and a fault must show here."""
    certificate.public_key()
    _ = (certificate.subject, certificate.issuer, certificate.extensions, certificate.signature_algorithm_oid)
    _ = (certificate.not_valid_before_utc, certificate.not_valid_after_utc, certificate.serial_number)
    return certificate


def _crl_pem(raw: bytes) -> x509.CertificateRevocationList:
    return _complete_crl(x509.load_pem_x509_crl(raw))


def _crl_der(raw: bytes) -> x509.CertificateRevocationList:
    return _complete_crl(x509.load_der_x509_crl(raw))


def _complete_crl(crl: x509.CertificateRevocationList) -> x509.CertificateRevocationList:
    _ = (crl.issuer, crl.extensions, crl.last_update_utc, crl.next_update_utc, crl.signature_algorithm_oid)
    return crl


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise PkiError(f"{path}: cannot be read: {error.strerror}", fix="check the name, owner and mode") from None
    if len(raw) > MAX_BYTES:
        raise PkiError(f"{path}: larger than {MAX_BYTES >> 20} MiB", fix="name a certificate or a revocation list")
    if not raw.strip():
        raise PkiError(f"{path}: is empty", fix="export it again, as PEM or DER")
    return raw
