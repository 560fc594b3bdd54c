"""A wire that can be tapped and held: a UDP relay between a RADIUS client under test and the server."""

from __future__ import annotations

import os
import selectors
import socket
import subprocess
from collections.abc import Callable
from types import TracebackType

from nas import ACCESS_ACCEPT, ACCESS_REJECT, Address, Packet

Hook = Callable[[], None]

Move = Callable[[], Address]
"""Something happens to the server; the address at which it is then."""

Loss = Callable[[Packet], bool]
"""Whether a reply gets lost on its way."""


def nothing_lost(_: Packet) -> bool:
    return False


class Relay:
    """Client -> `address` -> server. Everything that passes is kept. To the server it comes from `source`."""

    def __init__(self, server: Address, *, source: str, lose: Loss = nothing_lost) -> None:
        family = socket.AF_INET6 if ":" in server[0] else socket.AF_INET
        self._client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._client.bind(("127.0.0.1", 0))
        self._server = socket.socket(family, socket.SOCK_DGRAM)
        self._server.bind((source, 0))
        self._server.connect(server)
        self._lose = lose
        self._back: Address | None = None
        self._ended = 0
        self.requests: list[Packet] = []
        self.replies: list[Packet] = []
        self.address: Address = self._client.getsockname()

    def __enter__(self) -> Relay:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self._client.close()
        self._server.close()

    def carry(self, process: subprocess.Popen[bytes], between: Hook | None = None, midway: Move | None = None) -> None:
        """Carry packets until `process` ends. `between`: what happens to the world after the first conversation has
        ended and before the second one's first request goes on. `midway`: after the first reply and before the
        request that answers it goes on."""
        watched = os.pidfd_open(process.pid)
        try:
            with selectors.DefaultSelector() as selector:
                for source in (self._client, self._server, watched):
                    selector.register(source, selectors.EVENT_READ)
                while True:
                    ready = {key.fd for key, _ in selector.select()}
                    if self._server.fileno() in ready:
                        self._to_client()
                    if self._client.fileno() in ready:
                        if self._ended and between is not None:
                            between()
                            between = None
                        if self.replies and midway is not None:
                            self._server.connect(midway())
                            midway = None
                        self._to_server()
                    if watched in ready:
                        return
        finally:
            os.close(watched)

    def _to_server(self) -> None:
        octets, self._back = self._client.recvfrom(4096)
        self.requests.append(Packet.parse(octets))
        self._server.send(octets)

    def _to_client(self) -> None:
        octets = self._server.recv(4096)
        self.replies.append(Packet.parse(octets))
        if octets[0] in (ACCESS_ACCEPT, ACCESS_REJECT):
            self._ended += 1
        assert self._back is not None
        if not self._lose(self.replies[-1]):
            self._client.sendto(octets, self._back)
