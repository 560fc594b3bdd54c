"""The switch: carries RADIUS packets between supplicant and server, and keeps the last answer as it was on the wire."""

from __future__ import annotations

import selectors
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from nac import _dataplane
from nac.enforcement.dictionary import shipped_dictionary

_LARGEST_PACKET = 4096
_IDENTIFIER = 1
"""Octet of the packet in which request and reply agree (RFC 2865 section 3)."""

_AUTHENTICATOR = slice(4, 20)


@dataclass(frozen=True)
class Answer:
    """A reply of the server, verified with the shared secret.

    `attributes`: (name, value as text), in order. `filter_rules`: the lines of its access list.
    """

    code: str
    attributes: list[tuple[str, str]]
    filter_rules: list[str]

    def first(self, name: str) -> str | None:
        """The value of the first attribute of that name."""
        return next((value for attribute, value in self.attributes if attribute == name), None)


class UnverifiedError(Exception):
    """The last reply is missing, or its Message-Authenticator does not verify."""


@dataclass
class Switch:
    """`address`: where supplicants send to."""

    address: tuple[str, int]
    _secret: bytes
    _requests: dict[int, bytes] = field(default_factory=dict)
    _last: tuple[bytes, bytes] | None = None

    def forget(self) -> None:
        """Before another supplicant comes."""
        self._requests.clear()
        self._last = None

    def answer(self) -> Answer:
        """The last reply. Raises `UnverifiedError`."""
        if self._last is None:
            raise UnverifiedError("the server did not answer")
        request, reply = self._last
        packet = _dataplane.decode_packet(
            reply,
            dictionary=shipped_dictionary(),
            secret=self._secret,
            request_authenticator=request[_AUTHENTICATOR],
        )
        if packet.message_authenticator != "valid":
            raise UnverifiedError(f"Message-Authenticator of the reply is {packet.message_authenticator}")
        attributes = [(one.name, one.value) for one in packet.attributes]
        return Answer(packet.code_name, attributes, _filter_rules(packet.attributes))

    def _carry(self, access: socket.socket, uplink: socket.socket, stop: socket.socket) -> None:
        supplicant = ("", 0)
        with selectors.DefaultSelector() as selector:
            for end in (access, uplink, stop):
                selector.register(end, selectors.EVENT_READ)
            while True:
                ready = {key.fileobj for key, _ in selector.select()}
                if stop in ready:
                    return
                if access in ready:
                    request, supplicant = access.recvfrom(_LARGEST_PACKET)
                    self._requests[request[_IDENTIFIER]] = request
                    uplink.send(request)
                if uplink in ready:
                    try:
                        reply = uplink.recv(_LARGEST_PACKET)
                    except ConnectionRefusedError:  # the server is gone: its silence is the answer
                        continue
                    self._last = (self._requests[reply[_IDENTIFIER]], reply)
                    access.sendto(reply, supplicant)


@contextmanager
def switch(server: tuple[str, int], secret: bytes) -> Iterator[Switch]:
    """A switch in front of `server` for the time of a `with` block."""
    with _udp() as access, _udp() as uplink:
        stop, stopped = socket.socketpair()
        access.bind(("127.0.0.1", 0))
        uplink.connect(server)
        carrier = Switch(access.getsockname(), secret)
        thread = threading.Thread(target=carrier._carry, args=(access, uplink, stopped), name="switch")
        thread.start()
        try:
            yield carrier
        finally:
            stop.send(b"x")
            thread.join()
            stop.close()
            stopped.close()


def _filter_rules(attributes: list[_dataplane.DecodedAttribute]) -> list[str]:
    """All NAS-Filter-Rule attributes are one text, in which NUL parts the rules (RFC 4849 section 2)."""
    text = b"".join(one.raw for one in attributes if one.name == "NAS-Filter-Rule").decode()
    return [rule for rule in text.split("\0") if rule]


def _udp() -> socket.socket:
    return socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
