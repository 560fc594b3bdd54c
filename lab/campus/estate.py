"""The servers worth protecting: each answers HTTP with who it is, at its address, in its namespace.

    python -m lab.campus.estate LAB

One process in the core, whose sockets each belong to the namespace of their server.
"""

from __future__ import annotations

import selectors
import socket
import sys
from typing import Final

from lab.campus import namespace
from lab.campus.plan import SERVERS, Server

_LONGEST_REQUEST: Final = 4096
_PATIENCE_S: Final = 1.0
_WAITING: Final = 64


def _listen(server: Server, port: int) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((server.address, port))
    listener.listen(_WAITING)
    return listener


def _answer(listener: socket.socket, text: str) -> None:
    """One request, one response. A client that says nothing holds nobody up for long."""
    connection, _ = listener.accept()
    with connection:
        connection.settimeout(_PATIENCE_S)
        try:
            connection.recv(_LONGEST_REQUEST)
            body = f"{text}\n".encode()
            head = f"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}\r\n"
            connection.sendall(f"{head}Connection: close\r\n\r\n".encode() + body)
        except OSError:  # the client went away
            return


def main(lab: str) -> None:
    """Serve until ended."""
    with selectors.DefaultSelector() as selector:
        for server in SERVERS:
            end = namespace.name(lab, server.name)
            for port in server.ports:
                listener = namespace.inside(end, lambda server=server, port=port: _listen(server, port))  # type: ignore[misc]
                selector.register(listener, selectors.EVENT_READ, server.says)
        print("ready", flush=True)
        while True:
            for key, _ in selector.select():
                assert isinstance(key.fileobj, socket.socket)
                _answer(key.fileobj, key.data)


if __name__ == "__main__":
    main(sys.argv[1])
