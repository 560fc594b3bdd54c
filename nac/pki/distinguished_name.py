"""Distinguished names as text (RFC 4514), as the data plane writes them: what is shown can stand in a policy."""

from __future__ import annotations

from cryptography import x509

from nac import _dataplane
from nac.errors import PkiError


def distinguished_name(name: x509.Name) -> str:
    """The last RDN first; types without a short name in dots, their values in hex. Raises `PkiError` when malformed."""
    try:
        return _dataplane.distinguished_name(name.public_bytes())
    except ValueError as error:
        raise PkiError(
            f"a certificate's name does not parse: {error}", fix="have the certificate issued anew"
        ) from None
