"""What the posture listener is made from, and anew when the files are read again."""

from __future__ import annotations

from dataclasses import dataclass, field

from nac import _dataplane


@dataclass(frozen=True, slots=True)
class TlsMaterial:
    """`chain`: DER, leaf first; `key`: PKCS#8 DER, secret; `authorities`: DER, whose devices may connect."""

    chain: tuple[bytes, ...]
    key: bytes = field(repr=False)
    authorities: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class IntakeSetting:
    """`trust`: that of EAP-TLS, which is asked at each request."""

    tls: TlsMaterial
    trust: _dataplane.Trust
