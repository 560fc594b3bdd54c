"""RADIUS octets as a switch writes and checks them, from RFC 2865, 2866, 3579 and 5176.

Written apart from `nac.coa.message` and the data plane's codec, as everything here that speaks to the server.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from typing import Final

Attributes = Sequence[tuple[int, bytes]]

ACCESS_REQUEST: Final = 1
ACCESS_ACCEPT: Final = 2
ACCESS_CHALLENGE: Final = 11
ACCOUNTING_REQUEST: Final = 4
DISCONNECT_REQUEST: Final = 40
COA_REQUEST: Final = 43

USER_NAME: Final = 1
NAS_IP_ADDRESS: Final = 4
NAS_PORT: Final = 5
SERVICE_TYPE: Final = 6
FRAMED_IP_ADDRESS: Final = 8
FILTER_ID: Final = 11
STATE: Final = 24
CLASS: Final = 25
VENDOR_SPECIFIC: Final = 26
CALLING_STATION_ID: Final = 31
NAS_IDENTIFIER: Final = 32
ACCT_STATUS_TYPE: Final = 40
ACCT_SESSION_ID: Final = 44
ACCT_TERMINATE_CAUSE: Final = 49
ACCT_MULTI_SESSION_ID: Final = 50
EVENT_TIMESTAMP: Final = 55
NAS_PORT_TYPE: Final = 61
MESSAGE_AUTHENTICATOR: Final = 80
CHARGEABLE_USER_IDENTITY: Final = 89
NAS_FILTER_RULE: Final = 92
NAS_IPV6_ADDRESS: Final = 95
ERROR_CAUSE: Final = 101

_ZEROS: Final = bytes(16)


def encode(attributes: Attributes) -> bytes:
    """Type, length, value (RFC 2865 5)."""
    return b"".join(bytes([kind, len(value) + 2]) + value for kind, value in attributes)


def decode(octets: bytes) -> list[tuple[int, bytes]]:
    """The attributes of a packet, in order. Raises `ValueError`."""
    found, at, end = [], 20, int.from_bytes(octets[2:4], "big")
    while at < end:
        length = octets[at + 1]
        if length < 2 or at + length > end:
            raise ValueError("an attribute's length")
        found.append((octets[at], octets[at + 2 : at + length]))
        at += length
    return found


def access_request(attributes: Attributes, identifier: int, secret: bytes) -> bytes:
    """With a random Request Authenticator and a Message-Authenticator (RFC 3579 3.2)."""
    body = encode([*attributes, (MESSAGE_AUTHENTICATOR, _ZEROS)])
    packet = _head(ACCESS_REQUEST, identifier, body) + secrets.token_bytes(16) + body
    return packet[:-16] + hmac.digest(secret, packet, hashlib.md5)


def accounting_request(attributes: Attributes, identifier: int, secret: bytes) -> bytes:
    """RFC 2866 3: the Request Authenticator is over zeros in its place."""
    body = encode(attributes)
    return signed(_head(ACCOUNTING_REQUEST, identifier, body), body, secret)


def signed(head: bytes, body: bytes, secret: bytes) -> bytes:
    """A request with its Request Authenticator (RFC 2866 3, RFC 5176 2.3). `head`: code, identifier, length."""
    return head + _md5(head, _ZEROS, body, secret) + body


def is_authentic_request(octets: bytes, secret: bytes) -> bool:
    """RFC 5176 2.3 and 3.4: the Request Authenticator, and the Message-Authenticator if there is one."""
    head, body = octets[:4], octets[20:]
    if _md5(head, _ZEROS, body, secret) != octets[4:20]:
        return False
    at = 0
    while at < len(body):
        if body[at] == MESSAGE_AUTHENTICATOR:
            blank = head + _ZEROS + body[: at + 2] + _ZEROS + body[at + 18 :]
            return hmac.digest(secret, blank, hashlib.md5) == body[at + 2 : at + 18]
        at += body[at + 1]
    return True


def answer(request: bytes, code: int, attributes: Attributes, secret: bytes) -> bytes:
    """With a Message-Authenticator and the Response Authenticator."""
    body = encode([*attributes, (MESSAGE_AUTHENTICATOR, _ZEROS)])
    head = _head(code, request[1], body)
    body = body[:-16] + hmac.digest(secret, head + request[4:20] + body, hashlib.md5)
    return head + _md5(head, request[4:20], body, secret) + body


def is_answer(octets: bytes, request: bytes, secret: bytes) -> bool:
    """RFC 2865 3: the Response Authenticator."""
    return octets[1] == request[1] and _md5(octets[:4], request[4:20], octets[20:], secret) == octets[4:20]


def vendor(number: int, kind: int, text: str) -> tuple[int, bytes]:
    """A vendor's attribute (RFC 2865 5.26)."""
    return VENDOR_SPECIFIC, number.to_bytes(4, "big") + bytes([kind, len(text) + 2]) + text.encode()


def _head(code: int, identifier: int, body: bytes) -> bytes:
    return bytes([code, identifier]) + (20 + len(body)).to_bytes(2, "big")


def _md5(head: bytes, authenticator: bytes, body: bytes, secret: bytes) -> bytes:
    return hashlib.md5(head + authenticator + body + secret).digest()  # noqa: S324 - RFC 2865 3
