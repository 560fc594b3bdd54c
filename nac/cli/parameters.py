"""What a word on the command line may be: each type turns text into the value that the rest of nac takes."""

from __future__ import annotations

from pathlib import Path
from typing import Generic, TypeVar

import click

from nac.clients.store import Prefix, parse_prefix
from nac.coa.client import parse_verbs
from nac.coa.recipe import Verb
from nac.config.duration import Duration
from nac.identity.devices import Fingerprint, parse_fingerprint
from nac.identity.mac import MacAddress
from nac.identity.name import Name

_T = TypeVar("_T")


class _Parsed(click.ParamType[_T], Generic[_T]):
    """A type whose `parse` raises a `NacError` or `ValueError` in words for people."""

    def parse(self, text: str) -> _T:
        raise NotImplementedError

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> _T:
        if not isinstance(value, str):
            return value  # type: ignore[return-value]  # a default is of the type already
        try:
            return self.parse(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


class MacParameter(_Parsed[MacAddress]):
    name = "mac"

    def parse(self, text: str) -> MacAddress:
        return MacAddress.parse(text)


class NameParameter(_Parsed[Name]):
    name = "name"

    def parse(self, text: str) -> Name:
        return Name.parse(text)


class DurationParameter(_Parsed[Duration]):
    name = "duration"

    def parse(self, text: str) -> Duration:
        return Duration.parse(text)


class PrefixParameter(_Parsed[Prefix]):
    name = "prefix"

    def parse(self, text: str) -> Prefix:
        return parse_prefix(text)


class VerbsParameter(_Parsed[tuple[Verb, ...]]):
    name = "verbs"

    def parse(self, text: str) -> tuple[Verb, ...]:
        return parse_verbs(text)


class CertificateParameter(_Parsed[Fingerprint]):
    """A SHA-256 fingerprint, or a file with the certificate (PEM or DER)."""

    name = "certificate"

    def parse(self, text: str) -> Fingerprint:
        path = Path(text)
        return _fingerprint_of(path.read_bytes()) if path.is_file() else parse_fingerprint(text)


def _fingerprint_of(data: bytes) -> Fingerprint:
    from cryptography import x509
    from cryptography.hazmat.primitives.hashes import SHA256

    pem = b"-----BEGIN" in data
    certificate = x509.load_pem_x509_certificate(data) if pem else x509.load_der_x509_certificate(data)
    return Fingerprint(certificate.fingerprint(SHA256()).hex())
