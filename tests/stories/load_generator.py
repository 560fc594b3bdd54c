"""Many requests at once, each sent exactly once: what is not answered is a request that the server dropped."""

from __future__ import annotations

import selectors
import ssl
from collections.abc import Callable, Sequence
from contextlib import ExitStack

from eap_peer import port
from lab_home import SERVER_NAME
from nas import ACCESS_CHALLENGE, EAP_MESSAGE, REPLY_PATIENCE_S, STATE, Address, Nas, Packet, mab, split


def burst(nas: Nas, requests: Sequence[bytes]) -> list[Packet]:
    """Send requests at once, and collect their replies in the order of the requests.

    A socket's receive buffer must have room for all replies: 200 short ones, 64 of a kilobyte.
    Raises `TimeoutError` when one stays unanswered.
    """
    waiting = {request[1]: (position, request) for position, request in enumerate(requests)}
    assert len(waiting) == len(requests), "identifiers differ within a burst"
    replies: dict[int, Packet] = {}
    for request in requests:
        nas.send(request)
    with selectors.DefaultSelector() as selector:
        selector.register(nas.socket, selectors.EVENT_READ)
        while waiting:
            if not selector.select(REPLY_PATIENCE_S):
                raise TimeoutError(f"{len(waiting)} of {len(requests)} requests are not answered")
            octets = nas.socket.recv(4096)
            position, request = waiting.pop(octets[1])
            replies[position] = nas.check(octets, request)
    return [replies[position] for position in range(len(requests))]


def mab_until(nas: Nas, mac: str, done: Callable[[], bool]) -> int:
    """Ask for one address again and again until `done`; how many requests were sent, all of them answered."""
    sent = 0
    while not done():
        replies = burst(nas, [nas.request(mab(mac)) for _ in range(32)])
        sent += len(replies)
    return sent


def client_hello() -> bytes:
    """A ClientHello as OpenSSL makes it."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.wrap_bio(incoming, outgoing, server_hostname=SERVER_NAME).do_handshake()
    except ssl.SSLWantReadError:
        return outgoing.read()
    raise AssertionError("a handshake ended before it began")


def half_open(server: Address, secret: bytes, sources: Sequence[str], count: int, between: Callable[[], None]) -> int:
    """Begin `count` conversations up to the server's certificate and leave them; `between` is called four times.

    Returns how many got that far: a server that is full may answer a step with a reject.
    """
    hello, size, left = client_hello(), 64, 0
    with ExitStack() as stack:
        switches = [stack.enter_context(Nas(server, secret=secret, source=source)) for source in sources]
        for number in range(0, count, size):
            left += _begin(switches[number // size % len(switches)], hello, size)
            if number // size % (count // size // 4) == 0:
                between()
    return left


def _begin(nas: Nas, hello: bytes, count: int) -> int:
    who = list(port("flood@corp.example", "02:00:00:00:00:01"))
    identity = b"\x02\x01" + (5 + len(b"flood")).to_bytes(2, "big") + b"\x01flood"
    starts = burst(nas, [nas.request([*who, (EAP_MESSAGE, identity)]) for _ in range(count)])
    open_ones = [start for start in starts if start.code == ACCESS_CHALLENGE]
    flights = burst(nas, [nas.request([*who, *_hello(start, hello)]) for start in open_ones])
    return sum(1 for flight in flights if flight.code == ACCESS_CHALLENGE)


def _hello(start: Packet, hello: bytes) -> list[tuple[int, bytes]]:
    eap = bytes([2, start.eap[1]]) + (6 + len(hello)).to_bytes(2, "big") + bytes([13, 0]) + hello
    return [*split(EAP_MESSAGE, eap), (STATE, start.one(STATE))]
