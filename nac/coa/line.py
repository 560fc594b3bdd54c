"""The sockets: one for IPv4, one for IPv6, each with its port for as long as the server runs, so that a retransmission
comes from where the request came from (RFC 5176 2.3).
"""

from __future__ import annotations

import contextlib
import selectors
import socket
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Final

from nac.coa.exchange import Datagram, Target
from nac.coa.message import LARGEST_OCTETS
from nac.config.address import SourceAddress
from nac.errors import ConflictError

_AT_ONCE: Final = 64
"""Datagrams read from a socket before the others get their turn."""


class Line:
    """Both sockets and a bell. `ring` may be called on any thread; everything else on one."""

    def __init__(self, source: Iterable[SourceAddress] = ()) -> None:
        """`source`: where datagrams come from; for a version of IP that is not among them the route chooses. Raises
        `ConflictError` for an address that this host does not have."""
        self._sockets: dict[int, socket.socket] = {}
        self._selector = selectors.DefaultSelector()
        self._bell, self._heard = socket.socketpair()
        for end in (self._bell, self._heard):
            end.setblocking(False)
        self._selector.register(self._heard, selectors.EVENT_READ)
        chosen = {address.version: address for address in source}
        for version, anywhere in ((4, "0.0.0.0"), (6, "::")):  # noqa: S104 - the route chooses
            if version in chosen:
                self._open_at(version, chosen[version])
            else:
                with contextlib.suppress(OSError):  # a host without that version of IP
                    self._open(version, anywhere)

    def _open_at(self, version: int, address: str) -> None:
        try:
            self._open(version, address)
        except OSError as error:
            self.close()
            raise ConflictError(
                f"requests cannot come from {address}: {error.strerror}",
                fix="name an address of this host in [coa] source of nac.toml, or leave it empty",
            ) from error

    def _open(self, version: int, address: str) -> None:
        opened = socket.socket(socket.AF_INET if version == 4 else socket.AF_INET6, socket.SOCK_DGRAM)
        self._sockets[version] = opened
        if version == 6:
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        opened.setblocking(False)
        try:
            opened.bind((address, 0))
        except OSError:
            del self._sockets[version]
            opened.close()
            raise
        self._selector.register(opened, selectors.EVENT_READ, version)

    def __enter__(self) -> Line:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.close()

    def ring(self) -> None:
        """Let `wait` return."""
        with contextlib.suppress(BlockingIOError):
            self._bell.send(b"!")

    def wait(self, timeout_s: float) -> Iterator[tuple[bytes, Target]]:
        """What came, once something does or the time is over."""
        for key, _ in self._selector.select(max(0.0, timeout_s)):
            if key.fileobj is self._heard:
                self._heard.recv(4096)
            else:
                yield from _read(self._sockets[key.data])

    def send(self, datagrams: Iterable[Datagram]) -> None:
        """What cannot be sent is lost as it could be on the way: it is sent again, or counts as not answered."""
        for target, octets in datagrams:
            opened = self._sockets.get(6 if ":" in target.address else 4)
            if opened is not None:
                with contextlib.suppress(OSError):
                    opened.sendto(octets, target)

    def close(self) -> None:
        """Let go of everything."""
        self._selector.close()
        for opened in (*self._sockets.values(), self._bell, self._heard):
            opened.close()


def _read(opened: socket.socket) -> Iterator[tuple[bytes, Target]]:
    for _ in range(_AT_ONCE):
        try:
            octets, source = opened.recvfrom(LARGEST_OCTETS)
        except OSError:  # empty, or what ICMP said of an earlier datagram
            return
        yield octets, Target(source[0], source[1])
