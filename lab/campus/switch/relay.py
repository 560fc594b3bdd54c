"""RADIUS between hostapd and the server, octet for octet, with an eye on what passes.

Each hostapd has a socket towards the server of its own, so that identifiers of different ports never meet; the shared
secret is the same on both sides, so nothing is signed anew.
"""

from __future__ import annotations

import socket
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from lab.campus.plan import PORTS
from lab.campus.switch.radius import parsed

LARGEST: Final = 4096
_REMEMBERED: Final = 8
"""Requests of one hostapd whose answers are awaited; it has one conversation and its accounting."""

Address = tuple[str, int]
Seen = Callable[[bytes, bytes], None]
"""Told of a request and of its reply before hostapd is; see `Relay`."""

Answer = Callable[[bytes], bytes | None]
"""The switch's own reply to a request that is not for the server; None for one that is."""


class Uplink:
    """One hostapd's way to the server."""

    def __init__(self, client: Address, own: str, server: Address) -> None:
        self.client = client
        self.requests: OrderedDict[int, bytes] = OrderedDict()
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((own, 0))
        self.socket.connect(server)


class Relay:
    """`front` is where hostapd sends to. `seen` is called with (request, reply), and the reply passes on after that."""

    def __init__(self, port: int, own: str, server: Address, *, seen: Seen, answer: Answer) -> None:
        self.front = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.front.bind(("127.0.0.1", port))
        self._own, self._server, self._seen, self._answer = own, server, seen, answer
        self.uplinks: OrderedDict[Address, Uplink] = OrderedDict()

    def from_below(self) -> tuple[bytes, Uplink, Uplink | None]:
        """A request: send it on, or answer it here. Returns it, its uplink, and the uplink that had to make room."""
        request, client = self.front.recvfrom(LARGEST)
        gone = None
        if client not in self.uplinks:
            self.uplinks[client] = Uplink(client, self._own, self._server)
            if len(self.uplinks) > PORTS:
                _, gone = self.uplinks.popitem(last=False)
        self.uplinks.move_to_end(client)
        uplink = self.uplinks[client]
        uplink.requests[request[1]] = request
        if len(uplink.requests) > _REMEMBERED:
            uplink.requests.popitem(last=False)
        reply = self._answer(request)
        if reply is not None:
            self.front.sendto(reply, client)
        else:
            uplink.socket.send(request)
        return request, uplink, gone

    def from_above(self, uplink: Uplink) -> None:
        """A reply: tell of it, then hand it to hostapd. What answers no request of its is dropped."""
        try:
            reply = uplink.socket.recv(LARGEST)
        except ConnectionRefusedError:  # nobody serves there; hostapd sends again
            return
        request = uplink.requests.get(reply[1]) if len(reply) >= 20 else None
        if request is not None:
            self._seen(request, reply)
            self.front.sendto(reply, uplink.client)


def attributes(octets: bytes, secret: bytes) -> dict[str, object]:
    """The first value of each attribute by name, for looking at a request that passes."""
    packet = parsed(octets, secret)
    return {name: packet[name][0] for name in packet.keys() if isinstance(name, str)}  # noqa: SIM118
