"""What really passes: HTTP from inside a namespace to servers, many at once."""

from __future__ import annotations

import contextlib
import os
import selectors
import socket
import time
from collections.abc import Iterable, Sequence
from typing import Final

from lab.campus import namespace
from lab.campus.plan import Server

PATIENCE_S: Final = 5.0
"""How long what must pass may take; it takes a millisecond."""

SILENCE_S: Final = 0.4
"""How long is waited for an answer that must not come. What is dropped stays silent; what passes answers at once."""

_REQUEST: Final = b"GET / HTTP/1.1\r\nHost: lab\r\nConnection: close\r\n\r\n"


def answering(place: str, servers: Iterable[Server], wanted: Sequence[Server] = ()) -> set[Server]:
    """The servers that answer HTTP at their first port to somebody in the namespace `place`.

    Waits until all of `wanted` have, and `SILENCE_S` for the others.
    """
    return namespace.inside(place, lambda: _ask(list(servers), set(wanted)))


def _ask(servers: Sequence[Server], wanted: set[Server]) -> set[Server]:
    begun, found = time.monotonic(), set[Server]()
    with contextlib.ExitStack() as open_sockets, selectors.DefaultSelector() as selector:
        for server in servers:
            asking = open_sockets.enter_context(socket.socket())
            asking.setblocking(False)
            if asking.connect_ex((server.address, server.ports[0])):
                selector.register(asking, selectors.EVENT_WRITE, server)
        while selector.get_map() and (left := _left(begun, wanted <= found)) > 0:
            for key, ready in selector.select(left):
                assert isinstance(key.fileobj, socket.socket)
                if _advance(selector, key.fileobj, key.data, ready):
                    found.add(key.data)
    return found


def _left(begun: float, is_complete: bool) -> float:
    return begun + (SILENCE_S if is_complete else PATIENCE_S) - time.monotonic()


def _advance(selector: selectors.BaseSelector, asking: socket.socket, server: Server, ready: int) -> bool:
    """One step of one request; True when its answer is there, and is this server's."""
    try:
        if ready & selectors.EVENT_WRITE:
            asking.send(_REQUEST)
            selector.modify(asking, selectors.EVENT_READ, server)
            return False
        said = asking.recv(4096)
    except OSError:
        said = b""
    selector.unregister(asking)
    return server.says.encode() in said


def ping(place: str, address: str) -> bool:
    """Whether an ICMP echo (RFC 792) to `address` comes back to the namespace `place` within `SILENCE_S`."""
    return namespace.inside(place, lambda: _echo(address))


def _echo(address: str) -> bool:
    identity = os.urandom(4)
    plain = b"\x08\0\0\0" + identity
    request = plain[:2] + _checksum(plain).to_bytes(2, "big") + identity
    deadline = time.monotonic() + SILENCE_S
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as raw:
        raw.sendto(request, (address, 0))
        while (left := deadline - time.monotonic()) > 0:
            raw.settimeout(left)
            with contextlib.suppress(OSError):
                packet = raw.recv(256)
                reply = packet[(packet[0] & 0x0F) * 4 :]
                if reply[0] == 0 and reply[4:8] == identity:
                    return True
    return False


def _checksum(octets: bytes) -> int:
    """RFC 1071; `octets` are an even number."""
    total = sum(int.from_bytes(octets[at : at + 2], "big") for at in range(0, len(octets), 2))
    return ~((total & 0xFFFF) + (total >> 16)) & 0xFFFF
