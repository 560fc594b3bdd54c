"""When what a snapshot rests on ends: its certificates and revocation lists, the first to end first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from cryptography import x509

from nac.pki.credential import Credential
from nac.pki.expiry import display_name
from nac.pki.trust import TrustMaterial


@dataclass(frozen=True)
class Validity:
    """`ends_at`: Unix seconds; of a list its nextUpdate."""

    kind: Literal["server certificate", "root", "intermediate", "revocation list"]
    name: str
    ends_at: int


def validity(credentials: Sequence[Credential], trust: TrustMaterial) -> tuple[Validity, ...]:
    """Of everything in use."""
    leaves = [credential.leaf for credential in credentials]
    roots = [x509.load_der_x509_certificate(der) for der in trust.anchors]
    between = [x509.load_der_x509_certificate(der) for der in trust.intermediates]
    issuers = {one.subject.public_bytes(): display_name(one) for one in (*between, *roots)}
    found = [
        *(Validity("server certificate", display_name(one), _end(one)) for one in leaves),
        *(Validity("root", display_name(one), _end(one)) for one in roots),
        *(Validity("intermediate", display_name(one), _end(one)) for one in between),
        *(
            Validity("revocation list", issuers.get(one.issuer, "another issuer"), one.next_update)
            for one in trust.revocation_lists
        ),
    ]
    return tuple(sorted(found, key=lambda one: one.ends_at))


def _end(certificate: x509.Certificate) -> int:
    return int(certificate.not_valid_after_utc.timestamp())
