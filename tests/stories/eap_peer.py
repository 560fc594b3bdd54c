"""An EAP-TLS peer by hand (RFC 5216), on Python's own `ssl`: for what eapol_test cannot be made to do."""

from __future__ import annotations

import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from lab_home import SERVER_NAME, Device
from nas import (
    ACCESS_CHALLENGE,
    CALLING_STATION_ID,
    EAP_MESSAGE,
    NAS_PORT_TYPE,
    STATE,
    USER_NAME,
    Attribute,
    Nas,
    Packet,
    mac_octets,
    split,
)

EAP_TLS: Final = 13
_LENGTH_INCLUDED: Final = 0x80
_MORE_FRAGMENTS: Final = 0x40
_MOST_ROUNDS: Final = 100


def context(device: Device, *, version: ssl.TLSVersion, certificate: bool = True) -> ssl.SSLContext:
    """TLS as the device speaks it, with the server's name checked."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.minimum_version = made.maximum_version = version
    made.load_verify_locations(device.ca)
    if certificate:
        made.load_cert_chain(device.chain, device.key)
    return made


@dataclass
class Peer:
    """One conversation. `identity` is the outer one, sent as User-Name too."""

    nas: Nas
    mac: str
    identity: str
    context: ssl.SSLContext
    session: ssl.SSLSession | None = None
    fragment_size: int = 1000

    def __post_init__(self) -> None:
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = self.context.wrap_bio(self._in, self._out, server_hostname=SERVER_NAME, session=self.session)
        self._sending = b""
        self.fault: ssl.SSLError | None = None
        """What TLS said when it failed: the server's alert, in OpenSSL's words."""

    def run(self) -> Packet:
        """From the identity to the verdict."""
        return self.finish(self.begin())

    def begin(self) -> Packet:
        """Say who asks; the reply is the EAP-TLS start."""
        return self._ask(bytes([2, 1]) + (5 + len(self.identity)).to_bytes(2, "big") + b"\x01" + self.identity.encode())

    def finish(self, reply: Packet) -> Packet:
        """Go on from a challenge to the verdict."""
        for _ in range(_MOST_ROUNDS):
            if reply.code != ACCESS_CHALLENGE:
                return reply
            reply = self.step(reply)
        raise AssertionError(f"no verdict after {_MOST_ROUNDS} rounds")

    def step(self, challenge: Packet) -> Packet:
        """Answer one challenge."""
        eap = challenge.eap
        assert eap[0] == 1
        assert eap[4] == EAP_TLS
        return self._ask(self._response(eap[1], self._answer(eap)), challenge)

    def _answer(self, eap: bytes) -> bytes:
        """Flags and TLS data of the next response."""
        flags, data = eap[5], eap[6:]
        if flags & _LENGTH_INCLUDED:
            data = data[4:]
        self._in.write(data)
        if flags & _MORE_FRAGMENTS:
            return b"\0"
        if not self._sending:
            self._turn()
        return self._fragment()

    def _turn(self) -> None:
        try:
            self.tls.do_handshake()
            # RFC 9190 2.5: the commitment octet; with it come the tickets.
            self.tls.read(1)
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError as fault:
            self.fault = fault
        self._sending = self._out.read()

    def _fragment(self) -> bytes:
        now, self._sending = self._sending[: self.fragment_size], self._sending[self.fragment_size :]
        return bytes([_MORE_FRAGMENTS if self._sending else 0]) + now

    def _response(self, identifier: int, data: bytes) -> bytes:
        return bytes([2, identifier]) + (5 + len(data)).to_bytes(2, "big") + bytes([EAP_TLS]) + data

    def _ask(self, eap: bytes, challenge: Packet | None = None) -> Packet:
        state = [(STATE, challenge.one(STATE))] if challenge is not None else []
        return self.nas.ask([*port(self.identity, self.mac), *split(EAP_MESSAGE, eap), *state])


def port(identity: str, mac: str) -> Iterable[Attribute]:
    """What a switch says of the port."""
    return [
        (USER_NAME, identity.encode()),
        (NAS_PORT_TYPE, (15).to_bytes(4, "big")),
        (CALLING_STATION_ID, mac_octets(mac)),
    ]
