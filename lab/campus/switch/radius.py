"""The switch's own RADIUS, made and checked by pyrad: code that shares nothing with nac."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from pyrad import packet
from pyrad.dictionary import Dictionary

ACCESS_REQUEST: Final[int] = packet.AccessRequest
ACCESS_ACCEPT: Final[int] = packet.AccessAccept
ACCESS_REJECT: Final[int] = packet.AccessReject
ACCOUNTING_REQUEST: Final[int] = packet.AccountingRequest
COA_REQUEST: Final[int] = packet.CoARequest
COA_NAK: Final[int] = packet.CoANAK
DISCONNECT_REQUEST: Final[int] = packet.DisconnectRequest
DISCONNECT_NAK: Final[int] = packet.DisconnectNAK

DICTIONARY: Final = Dictionary(str(Path(__file__).with_name("dictionary")))

ETHERNET: Final = 15
CALL_CHECK: Final = 10


def parsed(octets: bytes, secret: bytes) -> Any:
    """A packet of any code. Raises `packet.PacketError`."""
    return packet.Packet(packet=octets, secret=secret, dict=DICTIONARY)


def accounting(octets: bytes, secret: bytes) -> Any:
    """An Accounting-Request. Raises `packet.PacketError`."""
    return packet.AcctPacket(packet=octets, secret=secret, dict=DICTIONARY)


def dynamic(octets: bytes, secret: bytes) -> Any:
    """A CoA-Request or Disconnect-Request. Raises `packet.PacketError`."""
    return packet.CoAPacket(packet=octets, secret=secret, dict=DICTIONARY)


def is_verified(request: bytes, reply: bytes, secret: bytes) -> bool:
    """Whether a reply to an Access-Request is the server's: both authenticators, and the first one must be there."""
    asked = parsed(request, secret)
    try:
        return bool(asked.VerifyReply(parsed(reply, secret), reply, enforce_ma=True))
    except packet.PacketError:  # it is no RADIUS packet
        return False


def first(of: Any, name: str) -> Any:
    """The first value of an attribute; None when it is not there."""
    return of[name][0] if name in of else None


def access_request(secret: bytes, **attributes: Any) -> Any:
    """A new Access-Request with Message-Authenticator."""
    request = packet.AuthPacket(secret=secret, dict=DICTIONARY, message_authenticator=True)
    _fill(request, attributes)
    return request


def accounting_request(secret: bytes, **attributes: Any) -> Any:
    """A new Accounting-Request."""
    request = packet.AcctPacket(secret=secret, dict=DICTIONARY)
    _fill(request, attributes)
    return request


def _fill(request: Any, attributes: dict[str, Any]) -> None:
    for name, value in attributes.items():
        if value is not None:
            request[name.replace("_", "-")] = value
