"""The packets of RFC 5176: requests signed, answers verified. Pure octets.

 0                   1                   2                   3
 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
|     Code      |  Identifier   |            Length             |
+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
|                     Authenticator (16 octets)                 |
|  Attributes ...
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from nac.clients.secret import SharedSecret

HEADER_OCTETS: Final = 20
LARGEST_OCTETS: Final = 4096

WINDOW_S: Final = 300
"""RFC 5176 6.3: how far an Event-Timestamp may be from this clock."""

_EVENT_TIMESTAMP: Final = 55
_MESSAGE_AUTHENTICATOR: Final = 80
_ERROR_CAUSE: Final = 101
_ZEROS: Final = bytes(16)


class Code(IntEnum):
    """RFC 5176 2.3."""

    DISCONNECT_REQUEST = 40
    DISCONNECT_ACK = 41
    DISCONNECT_NAK = 42
    COA_REQUEST = 43
    COA_ACK = 44
    COA_NAK = 45


_ANSWERS: Final = {
    Code.DISCONNECT_REQUEST: {Code.DISCONNECT_ACK, Code.DISCONNECT_NAK},
    Code.COA_REQUEST: {Code.COA_ACK, Code.COA_NAK},
}
_NAKS: Final = {Code.DISCONNECT_NAK, Code.COA_NAK}


class AnswerError(Exception):
    """Octets are no answer to a request: they are dropped, and counted by `reason`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Message:
    """A request before it has an identifier. `attributes`: encoded. `timestamp`: Unix seconds of the decision, sent as
    Event-Timestamp (RFC 5176 6.3); None where the switch takes none."""

    code: Code
    attributes: bytes
    timestamp: int | None


@dataclass(frozen=True, slots=True)
class Answer:
    """A verified answer. `error_cause`: of a NAK, when it gives one (RFC 5176 3.5)."""

    code: Code
    error_cause: int | None

    @property
    def acknowledged(self) -> bool:
        """True for an ACK."""
        return self.code not in _NAKS


def sign(message: Message, identifier: int, secret: SharedSecret) -> bytes:
    """The packet: Message-Authenticator first (RFC 5176 3.4: over a header of zeros), then the Request Authenticator
    over all of it (2.3). Raises `ValueError` when it would be longer than RADIUS allows."""
    body = attribute(_MESSAGE_AUTHENTICATOR, _ZEROS) + message.attributes
    if message.timestamp is not None:
        body += attribute(_EVENT_TIMESTAMP, message.timestamp.to_bytes(4, "big"))
    length = HEADER_OCTETS + len(body)
    if length > LARGEST_OCTETS:
        raise ValueError(f"{length} octets are more than a RADIUS packet has ({LARGEST_OCTETS})")
    head = bytes([message.code, identifier]) + length.to_bytes(2, "big")
    proof = hmac.digest(secret.reveal(), head + _ZEROS + body, hashlib.md5)
    body = attribute(_MESSAGE_AUTHENTICATOR, proof) + body[18:]
    return head + _digest(head, _ZEROS, body, secret) + body


def read_answer(octets: bytes, request: bytes, secret: SharedSecret, *, now: int) -> Answer:
    """What answers `request`, verified in constant time: identifier, code, Response Authenticator (2.3), and when they
    are there Message-Authenticator (3.4) and Event-Timestamp (6.3). `now`: Unix seconds. Raises `AnswerError`."""
    octets = _whole(octets)
    if octets[1] != request[1]:
        raise AnswerError("identifier")
    head, authenticator, body = octets[:4], octets[4:HEADER_OCTETS], octets[HEADER_OCTETS:]
    asked = request[4:HEADER_OCTETS]
    if not hmac.compare_digest(_digest(head, asked, body, secret), authenticator):
        raise AnswerError("response_authenticator")
    if octets[0] not in _ANSWERS[Code(request[0])]:
        raise AnswerError("code")
    error_cause = None
    for kind, at, value in _attributes(body):
        if kind == _MESSAGE_AUTHENTICATOR:
            plain = head + asked + body[:at] + _ZEROS + body[at + 16 :]
            if not hmac.compare_digest(hmac.digest(secret.reveal(), plain, hashlib.md5), value):
                raise AnswerError("message_authenticator")
        elif kind == _EVENT_TIMESTAMP and abs(int.from_bytes(value, "big") - now) > WINDOW_S:
            raise AnswerError("event_timestamp")
        elif kind == _ERROR_CAUSE:
            error_cause = int.from_bytes(value, "big")
    return Answer(Code(octets[0]), error_cause)


def attribute(kind: int, value: bytes) -> bytes:
    """Type, length, value (RFC 2865 5)."""
    return bytes([kind, len(value) + 2]) + value


def _digest(head: bytes, authenticator: bytes, body: bytes, secret: SharedSecret) -> bytes:
    return hashlib.md5(head + authenticator + body + secret.reveal()).digest()  # noqa: S324 - RFC 5176 2.3


def _whole(octets: bytes) -> bytes:
    """The packet without what stands behind its length (RFC 2865 3)."""
    length = int.from_bytes(octets[2:4], "big")
    if len(octets) < HEADER_OCTETS or not HEADER_OCTETS <= length <= min(len(octets), LARGEST_OCTETS):
        raise AnswerError("length")
    return octets[:length]


def _attributes(body: bytes) -> Iterator[tuple[int, int, bytes]]:
    """(type, where the value begins, value)."""
    at = 0
    while at < len(body):
        length = body[at + 1] if at + 1 < len(body) else 0
        if length < 2 or at + length > len(body):
            raise AnswerError("attributes")
        yield body[at], at + 2, body[at + 2 : at + length]
        at += length
