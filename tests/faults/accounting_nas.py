"""A switch that accounts as RFC 2866 wants it: every record is sent again, octet by octet, until it is answered.

A second implementation on purpose: nothing here comes from nac.
"""

from __future__ import annotations

import hashlib
import itertools
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

Address = tuple[str, int]

ACCOUNTING_REQUEST: Final = 4
ACCOUNTING_RESPONSE: Final = 5

WINDOW: Final = 32
"""Requests that wait for an answer at a time."""

RESEND_S: Final = 0.3
PATIENCE_S: Final = 60.0


def accounting_request(secret: bytes, identifier: int, session: str, status: int = 1) -> bytes:
    """RFC 2866 3: the Request Authenticator is MD5 over the packet with zeros in its place, and the secret."""
    attributes = b"".join(
        bytes([kind, len(value) + 2]) + value
        for kind, value in (
            (40, status.to_bytes(4, "big")),
            (44, session.encode()),
            (32, b"fault-switch"),
            (31, b"02-00-00-00-00-01"),
            (1, b"alice@corp.example"),
        )
    )
    head = bytes([ACCOUNTING_REQUEST, identifier]) + (20 + len(attributes)).to_bytes(2, "big")
    return head + hashlib.md5(head + bytes(16) + attributes + secret).digest() + attributes  # noqa: S324 - RFC 2866 3


def is_answer(octets: bytes, request: bytes, secret: bytes) -> bool:
    """RFC 2866 3: the Response Authenticator."""
    signed = hashlib.md5(octets[:4] + request[4:20] + octets[20:] + secret).digest()  # noqa: S324 - RFC 2866 3
    return octets[0] == ACCOUNTING_RESPONSE and octets[1] == request[1] and octets[4:20] == signed


class AccountingNas:
    """Sends records as fast as they are answered, on a thread of its own, whatever becomes of the server."""

    def __init__(self, server: Address, secret: bytes) -> None:
        self.answered: set[str] = set()
        self._secret = secret
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.settimeout(RESEND_S / 3)
        self._server = server
        self._waiting: dict[int, tuple[str, bytes, float]] = {}
        self._sessions = itertools.count(1)
        self._more = True
        self._thread = threading.Thread(target=self._run, name="accounting-nas")

    @contextmanager
    def working(self) -> Iterator[AccountingNas]:
        """While the block runs new records come; at its end all that were sent are answered. Raises `TimeoutError`."""
        self._thread.start()
        try:
            yield self
        finally:
            self._more = False
            self._thread.join(PATIENCE_S)
            left, self._waiting = len(self._waiting), {}
            self._socket.close()
        if left:
            raise TimeoutError(f"{left} records are not answered")

    def _run(self) -> None:
        while self._more or self._waiting:
            self._send_new()
            self._receive()
            self._resend()

    def _send_new(self) -> None:
        while self._more and len(self._waiting) < WINDOW:
            number = next(self._sessions)
            identifier = next(free for free in range(number, number + 256) if free % 256 not in self._waiting) % 256
            session = f"{number:08X}"
            self._send(identifier, session, accounting_request(self._secret, identifier, session))

    def _send(self, identifier: int, session: str, request: bytes) -> None:
        self._waiting[identifier] = (session, request, time.monotonic())
        self._socket.sendto(request, self._server)

    def _receive(self) -> None:
        try:
            octets = self._socket.recv(4096)
        except TimeoutError:
            return
        waiting = self._waiting.get(octets[1])
        if waiting is not None and is_answer(octets, waiting[1], self._secret):
            self.answered.add(waiting[0])
            del self._waiting[octets[1]]

    def _resend(self) -> None:
        late = time.monotonic() - RESEND_S
        for identifier, (session, request, sent) in list(self._waiting.items()):
            if sent < late:
                self._send(identifier, session, request)
