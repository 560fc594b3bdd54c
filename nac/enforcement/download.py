"""Access lists that a switch fetches: the name in its Access-Accept, and the pages of its download.

The name is made from what the list says, so that a changed list has a new name (a switch keeps what it has under a
name), equal lists share one, and every server names a list alike:

    #ACSACL#-IP-nac-<first 16 hexadecimal digits of SHA-256 over the encoded attributes of the list, in order>

The download is an Access-Request whose User-Name is that name, with `Cisco-AVPair` aaa:service=ip_admission and
aaa:event=acl-download. Its answer carries the list's attributes from the first on, cut only between attributes, as many
as `MAX_PAGE` octets hold. Each page but the last is an Access-Challenge with a State, which comes back in the request
for the next page; the last is the Access-Accept.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from typing import Final

from nac.enforcement.budget import MAX_PACKET
from nac.enforcement.vendor.dialect import Attribute

_NOT_LIST: Final = {
    "header": 20,
    "Message-Authenticator": 18,
    "State of 32 octets": 34,
    "four Proxy-State of 64 octets": 4 * 66,
}
"""The largest that everything else in an answer to a download can be, in octets."""

MAX_PAGE: Final = MAX_PACKET - sum(_NOT_LIST.values())
"""Octets of a list in one answer."""

_DIGITS: Final = 16


def list_name(encoded: bytes) -> str:
    """The name of the list with these encoded attributes."""
    return f"#ACSACL#-IP-nac-{sha256(encoded).hexdigest()[:_DIGITS]}"


def reference(encoded: bytes) -> Attribute:
    """What the Access-Accept of the login carries in place of the list."""
    return Attribute("Cisco-AVPair", f"ACS:CiscoSecure-Defined-ACL={list_name(encoded)}")


REFERENCE_OCTETS: Final = 8 + len(reference(b"").value)
"""Of `reference` on the wire: type, length, vendor, vendor type, vendor length, text (RFC 2865 5.26)."""


def pages(attributes: Iterable[bytes]) -> list[bytes]:
    """The list in answers of at most `MAX_PAGE` octets. `attributes`: each as it stands on the wire."""
    cut = [b""]
    for attribute in attributes:
        if len(cut[-1]) + len(attribute) > MAX_PAGE:
            cut.append(b"")
        cut[-1] += attribute
    return cut
