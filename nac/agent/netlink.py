"""Requests to the kernel and its answers (netlink(7))."""

from __future__ import annotations

import errno
import socket
import struct
from collections.abc import Iterator
from typing import Final

NLM_F_REQUEST: Final = 1
NLM_F_MULTI: Final = 2
NLMSG_ERROR: Final = 2
NLMSG_DONE: Final = 3
MOST_MESSAGES: Final = 65536

_HEADER: Final = struct.Struct("=IHHII")


def request(kind: int, flags: int, content: bytes) -> bytes:
    """One message of that type."""
    return _HEADER.pack(_HEADER.size + len(content), kind, flags, 1, 0) + content


def messages(netlink: socket.socket) -> Iterator[tuple[int, bytes]]:
    """(type, content) of each message of one answer. Raises `OSError`."""
    for _ in range(MOST_MESSAGES):
        answer = netlink.recv(65536)
        at = 0
        while at + _HEADER.size <= len(answer):
            length, kind, flags, *_ = _HEADER.unpack_from(answer, at)
            if kind == NLMSG_DONE or length < _HEADER.size:
                return
            yield kind, answer[at + _HEADER.size : at + length]
            if not flags & NLM_F_MULTI:
                return
            at += (length + 3) & ~3
    raise OSError(errno.EMSGSIZE, f"more than {MOST_MESSAGES} messages")
