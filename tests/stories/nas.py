"""A switch, octet by octet: RADIUS requests as RFC 2865 and RFC 3579 lay them out, and replies checked by hand.

A second implementation on purpose: nothing here comes from nac.
"""

from __future__ import annotations

import hashlib
import hmac
import itertools
import secrets
import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Literal

Attribute = tuple[int, bytes]
Address = tuple[str, int]

ACCESS_REQUEST: Final = 1
ACCESS_ACCEPT: Final = 2
ACCESS_REJECT: Final = 3
ACCESS_CHALLENGE: Final = 11
STATUS_SERVER: Final = 12

USER_NAME: Final = 1
USER_PASSWORD: Final = 2
NAS_IP_ADDRESS: Final = 4
SERVICE_TYPE: Final = 6
STATE: Final = 24
CLASS: Final = 25
VENDOR_SPECIFIC: Final = 26
SESSION_TIMEOUT: Final = 27
TERMINATION_ACTION: Final = 29
CALLING_STATION_ID: Final = 31
PROXY_STATE: Final = 33
NAS_PORT_TYPE: Final = 61
TUNNEL_TYPE: Final = 64
TUNNEL_MEDIUM_TYPE: Final = 65
EAP_MESSAGE: Final = 79
MESSAGE_AUTHENTICATOR: Final = 80
TUNNEL_PRIVATE_GROUP_ID: Final = 81
NAS_FILTER_RULE: Final = 92
EAP_KEY_NAME: Final = 102

REPLY_PATIENCE_S: Final = 10.0
"""How long a reply may take before the test fails; an answer takes microseconds."""

SILENCE_S: Final = 0.2
"""How long is listened for an answer that must not come; the counters prove that the packet was seen."""


@dataclass(frozen=True)
class Packet:
    """A parsed packet. Attributes are in the order of the wire."""

    octets: bytes
    attributes: Sequence[Attribute]

    @classmethod
    def parse(cls, octets: bytes) -> Packet:
        """RFC 2865 3. Raises `AssertionError` when lengths do not fit."""
        assert int.from_bytes(octets[2:4], "big") == len(octets)
        attributes, at = [], 20
        while at < len(octets):
            length = octets[at + 1]
            assert length >= 2, "attribute length"
            attributes.append((octets[at], octets[at + 2 : at + length]))
            at += length
        assert at == len(octets)
        return cls(octets, attributes)

    @property
    def code(self) -> int:
        return self.octets[0]

    def all(self, kind: int) -> list[bytes]:
        """The values of every attribute of that type."""
        return [value for ty, value in self.attributes if ty == kind]

    def one(self, kind: int) -> bytes:
        """The value of the only attribute of that type."""
        (value,) = self.all(kind)
        return value

    @property
    def eap(self) -> bytes:
        """The EAP packet inside, put together (RFC 3579 3.1)."""
        return b"".join(self.all(EAP_MESSAGE))


def encode(attributes: Iterable[Attribute]) -> bytes:
    """Attributes as they stand on the wire."""
    return b"".join(bytes([kind, len(value) + 2]) + value for kind, value in attributes)


def split(kind: int, value: bytes) -> list[Attribute]:
    """A long value over several attributes."""
    return [(kind, value[at : at + 253]) for at in range(0, len(value), 253)]


def mac_octets(mac: str) -> bytes:
    """Calling-Station-Id as IEEE 802.1X writes it: 00-1B-77-00-00-01."""
    return mac.replace(":", "-").upper().encode()


class Nas:
    """One RADIUS client: a socket at `source`, which speaks to one server with one secret."""

    def __init__(self, server: Address, *, secret: bytes, source: str = "127.0.0.1") -> None:
        family = socket.AF_INET6 if ":" in server[0] else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_DGRAM)
        self.socket.bind((source, 0))
        self.socket.settimeout(REPLY_PATIENCE_S)
        self.server = server
        self.source = source
        self.secret = secret
        self._identifiers = itertools.cycle(range(256))

    def __enter__(self) -> Nas:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.socket.close()

    def request(
        self,
        attributes: Iterable[Attribute],
        *,
        code: int = ACCESS_REQUEST,
        message_authenticator: Literal["valid", "wrong", "absent"] = "valid",
    ) -> bytes:
        """A signed request with NAS-IP-Address, ready to send."""
        identifier, authenticator = next(self._identifiers), secrets.token_bytes(16)
        body = encode([(NAS_IP_ADDRESS, bytes([192, 0, 2, 1])), *attributes])
        if message_authenticator == "absent":
            return _head(code, identifier, authenticator, body) + body
        body += encode([(MESSAGE_AUTHENTICATOR, bytes(16))])
        plain = _head(code, identifier, authenticator, body) + body
        secret = self.secret if message_authenticator == "valid" else b"not " + self.secret
        return plain[:-16] + hmac.digest(secret, plain, hashlib.md5)

    def send(self, octets: bytes) -> None:
        self.socket.sendto(octets, self.server)

    def receive(self, request: bytes) -> Packet:
        """The next reply, which must answer `request`: source, identifier and both authenticators are checked."""
        octets, source = self.socket.recvfrom(4096)
        assert source[:2] == self.server, f"asked {self.server}, answered by {source}"
        return self.check(octets, request)

    def check(self, octets: bytes, request: bytes) -> Packet:
        """A reply to `request`: identifier, Response Authenticator, Message-Authenticator in front (RFC 3579 3.2)."""
        assert octets[1] == request[1], "identifier"
        response = hashlib.md5(octets[:4] + request[4:20] + octets[20:] + self.secret).digest()  # noqa: S324
        assert response == octets[4:20], "Response Authenticator"
        reply = Packet.parse(octets)
        kind, value = reply.attributes[0]
        assert kind == MESSAGE_AUTHENTICATOR, "Message-Authenticator comes first (CVE-2024-3596)"
        signed = octets[:4] + request[4:20] + octets[20:22] + bytes(16) + octets[38:]
        assert hmac.digest(self.secret, signed, hashlib.md5) == value, "Message-Authenticator"
        return reply

    def ask(self, attributes: Iterable[Attribute], *, code: int = ACCESS_REQUEST) -> Packet:
        """Send a request once and return its reply: nothing is sent again here."""
        octets = self.request(attributes, code=code)
        self.send(octets)
        return self.receive(octets)

    def hears_nothing(self) -> bool:
        """Whether no datagram comes for `SILENCE_S`."""
        self.socket.settimeout(SILENCE_S)
        try:
            self.socket.recv(4096)
        except TimeoutError:
            return True
        finally:
            self.socket.settimeout(REPLY_PATIENCE_S)
        return False


def mab(mac: str) -> list[Attribute]:
    """MAC Authentication Bypass as most switches send it: Call-Check, wired."""
    return [
        (USER_NAME, mac.replace(":", "").encode()),
        (SERVICE_TYPE, (10).to_bytes(4, "big")),
        (NAS_PORT_TYPE, (15).to_bytes(4, "big")),
        (CALLING_STATION_ID, mac_octets(mac)),
    ]


def _head(code: int, identifier: int, authenticator: bytes, body: bytes) -> bytes:
    return bytes([code, identifier]) + (20 + len(body)).to_bytes(2, "big") + authenticator
