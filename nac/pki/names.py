"""Names of users, devices and servers -> subject and alternative names of a certificate (RFC 5280 4.2.1.6)."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.x509.oid import NameOID, ObjectIdentifier

from nac.errors import PkiError
from nac.pki.profile import common_name

UPN: Final = ObjectIdentifier("1.3.6.1.4.1.311.20.2.3")
"""userPrincipalName, an otherName whose value is a UTF8String."""

_LABEL: Final = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)", re.ASCII)
_UTF8_STRING: Final = 0x0C


@dataclass(frozen=True)
class ClientNames:
    """Who a certificate is for: a user, a device, or a user on a device. `uris`: further names, such as a SPIFFE ID."""

    user: str | None = None
    device: str | None = None
    uris: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.user and not self.device:
            raise PkiError("a certificate needs a user or a device", fix="add --user NAME, --device NAME or both")

    @property
    def label(self) -> str:
        """What files are called after it: the device, else the user."""
        return self.device or self.user or ""

    def subject(self) -> x509.Name:
        """CN is the user, else the device. Raises `PkiError`."""
        return common_name(self.user or self.device or "")

    def alternatives(self) -> x509.SubjectAlternativeName:
        """The user as UPN, and as rfc822Name when it is an ASCII mail address; the device as dNSName; the URIs.

        Raises `PkiError` for a name that its form cannot carry.
        """
        names: list[x509.GeneralName] = []
        if self.user:
            names.append(x509.OtherName(UPN, utf8_string(self.user)))
            if self.user.isascii() and re.fullmatch(r"[^\s@]+@[^\s@]+", self.user):
                names.append(x509.RFC822Name(self.user))
        if self.device:
            names.append(x509.DNSName(dns_name(self.device)))
        names.extend(x509.UniformResourceIdentifier(_uri(uri)) for uri in self.uris)
        return x509.SubjectAlternativeName(names)


def utf8_string(text: str) -> bytes:
    """DER of a UTF8String (X.690 8.23, 10.1)."""
    content = text.encode()
    size = len(content)
    if size < 0x80:
        return bytes([_UTF8_STRING, size]) + content
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([_UTF8_STRING, 0x80 | len(octets)]) + octets + content


def read_utf8_string(der: bytes) -> str | None:
    """The text of a DER UTF8String; None when it is anything else."""
    if len(der) < 2 or der[0] != _UTF8_STRING:
        return None
    start = 2 if der[1] < 0x80 else 2 + (der[1] & 0x7F)
    try:
        text = der[start:].decode()
    except UnicodeDecodeError:
        return None
    return text if utf8_string(text) == der else None


def dns_name(text: str) -> str:
    """The text, known to be a DNS name or one label of it. Raises `PkiError`."""
    if len(text) > 253 or not all(_LABEL.fullmatch(label) for label in text.split(".")) or _is_address(text):
        raise PkiError(
            f"{text!r} cannot be a DNS name, which is how a certificate carries the name of a device or server",
            fix='use letters, digits, "-" and ".", as in laptop-17 or laptop-17.corp.example',
        )
    return text


def policy_oid(text: str) -> ObjectIdentifier:
    """The text as an object identifier. Raises `PkiError`."""
    try:
        return ObjectIdentifier(text)
    except ValueError:
        raise PkiError(
            f"{text!r} is not an object identifier", fix="write it in dots, as in 1.3.6.1.4.1.99999.1"
        ) from None


def certificate_names(certificate: x509.Certificate) -> list[str]:
    """Every name a person may know the certificate by: CN, UPN, mail, DNS, URI; without repeats, in that order."""
    names = [str(attribute.value) for attribute in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    try:
        alternatives = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return names
    for name in alternatives:
        if isinstance(name, x509.OtherName):
            names.append(read_utf8_string(name.value) or "" if name.type_id == UPN else "")
        elif isinstance(name, x509.RFC822Name | x509.DNSName | x509.UniformResourceIdentifier):
            names.append(name.value)
    return list(dict.fromkeys(name for name in names if name))


def server_names(names: Sequence[str]) -> list[str]:
    """DNS names for a server certificate, at least one, the first short enough for the CN. Raises `PkiError`."""
    if not names:
        raise PkiError("a server certificate needs a name", fix="add --server-name NAME")
    checked = [dns_name(name) for name in names]
    common_name(checked[0])
    return checked


def _uri(text: str) -> str:
    try:
        scheme = urlsplit(text).scheme
    except ValueError:
        scheme = ""
    if not scheme or not text.isascii() or not text.isprintable() or " " in text:
        raise PkiError(
            f"{text!r} is not a URI", fix="write it whole and in ASCII, as in spiffe://corp.example/laptop-17"
        )
    return text


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
