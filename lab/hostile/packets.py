"""RADIUS (RFC 2865, 3579) and EAP (RFC 3748, 5216) as an attacker writes them: any length may lie, any field be wrong.

Built with scapy. A switch that was taken over has the shared secret, so most of these are signed.
"""

from __future__ import annotations

import hashlib
import hmac
import itertools
import secrets
from collections.abc import Iterable, Sequence
from typing import Final

from scapy.config import conf
from scapy.layers.eap import EAP, EAP_TLS
from scapy.layers.radius import Radius, RadiusAttribute

ACCESS_REQUEST: Final = 1
ACCESS_ACCEPT: Final = 2
ACCESS_REJECT: Final = 3
ACCOUNTING_REQUEST: Final = 4
ACCESS_CHALLENGE: Final = 11

USER_NAME: Final = 1
NAS_IP_ADDRESS: Final = 4
SERVICE_TYPE: Final = 6
STATE: Final = 24
CALLING_STATION_ID: Final = 31
PROXY_STATE: Final = 33
NAS_PORT_TYPE: Final = 61
EAP_MESSAGE: Final = 79
MESSAGE_AUTHENTICATOR: Final = 80

RESPONSE: Final = 2
EAP_TLS_TYPE: Final = 13
_ETHERNET: Final = (15).to_bytes(4, "big")
_CALL_CHECK: Final = (10).to_bytes(4, "big")
_HEADER: Final = 20
_PROOF: Final = slice(_HEADER + 2, _HEADER + 18)
"""Where the Message-Authenticator's value is when it stands first."""

_VALUE: Final = 253
conf.max_list_count = 4096
"""Attributes of a packet that scapy reads: more than fit."""

_identifiers = itertools.cycle(range(256))


def attribute(kind: int, value: bytes, *, length: int | None = None) -> RadiusAttribute:
    """`length` None for the true one."""
    return RadiusAttribute(type=kind, len=length, value=value)


def eap_message(octets: bytes) -> list[RadiusAttribute]:
    """An EAP packet over as many attributes as it needs (RFC 3579 3.1)."""
    parts = [octets[at : at + _VALUE] for at in range(0, max(len(octets), 1), _VALUE)]
    return [attribute(EAP_MESSAGE, part) for part in parts]


def station(mac: str, user: str) -> list[RadiusAttribute]:
    """What a switch says of a port. `mac` as `02:00:5e:00:00:01`."""
    return [
        attribute(USER_NAME, user.encode()[:_VALUE]),
        attribute(CALLING_STATION_ID, mac.replace(":", "-").upper().encode()),
        attribute(NAS_PORT_TYPE, _ETHERNET),
    ]


def bypass(mac: str) -> list[RadiusAttribute]:
    """MAC authentication bypass."""
    return [*station(mac, mac.replace(":", "")), attribute(SERVICE_TYPE, _CALL_CHECK)]


def request(
    attributes: Iterable[RadiusAttribute],
    secret: bytes | None,
    *,
    code: int = ACCESS_REQUEST,
    length: int | None = None,
) -> bytes:
    """A request with NAS-IP-Address, and signed when there is a `secret`. `length`: what its header claims."""
    proof = [attribute(MESSAGE_AUTHENTICATOR, bytes(16))] if secret is not None else []
    nas = attribute(NAS_IP_ADDRESS, bytes([192, 0, 2, 1]))
    octets = bytearray(
        bytes(
            Radius(
                code=code,
                id=next(_identifiers),
                len=length,
                authenticator=secrets.token_bytes(16),
                attributes=[*proof, nas, *attributes],
            )
        )
    )
    if secret is not None:
        octets[_PROOF] = hmac.digest(secret, bytes(octets), hashlib.md5)
    return bytes(octets)


def answer(asked: bytes, code: int, attributes: Sequence[RadiusAttribute], secret: bytes) -> bytes:
    """A reply with a right Response Authenticator and without a Message-Authenticator: what the attack of CVE-2024-3596
    comes to possess."""
    plain = bytes(Radius(code=code, id=asked[1], authenticator=asked[4:_HEADER], attributes=list(attributes)))
    return plain[:4] + hashlib.md5(plain + secret).digest() + plain[_HEADER:]  # noqa: S324 - RFC 2865 3


def identity(name: bytes, *, length: int | None = None) -> bytes:
    """EAP-Response/Identity; `length`: what it claims to be."""
    return bytes(EAP(code=RESPONSE, id=1, len=length, type=1, identity=name))


def fragment(identifier: int, data: bytes, *, more: bool, claims: int | None = None) -> bytes:
    """EAP-Response/EAP-TLS. `claims`: TLS Message Length (RFC 5216 3.1)."""
    made = EAP_TLS(code=RESPONSE, id=identifier, M=int(more), tls_data=data)
    if claims is not None:
        made.L, made.tls_message_len = 1, claims
    return bytes(made)


def attributes_of(octets: bytes) -> list[tuple[int, bytes]]:
    """Type and value of each attribute of a packet, as scapy reads it."""
    return [(one.type, bytes(one)[2:]) for one in Radius(octets).attributes]
