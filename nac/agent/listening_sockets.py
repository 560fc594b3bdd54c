"""The listening sockets as the kernel lists them on request (sock_diag(7)).

Reading /proc/net/tcp walks through every connection that could be, several milliseconds on a large machine; this lists
the listeners alone, so it can be asked every two seconds.
"""

from __future__ import annotations

import socket
import struct
import sys
from collections.abc import Iterator
from typing import Final

from nac.agent.listeners import FIRST_EPHEMERAL
from nac.agent.netlink import NLM_F_REQUEST, NLMSG_ERROR, messages, request

NETLINK_SOCK_DIAG: Final = 4
SOCK_DIAG_BY_FAMILY: Final = 20
NLM_F_DUMP: Final = 0x300
LISTEN: Final = 1 << 10
UNCONNECTED: Final = 1 << 7
"""Bits of the kernel's states TCP_LISTEN, and TCP_CLOSE for a UDP socket without a peer."""

Socket = tuple[int, int, bytes, int, int]
"""(address family, protocol, address, port, inode)."""

_ASKED: Final = struct.Struct("=BBBxI48x")
_TOLD: Final = struct.Struct(">4x2s2x16s")
_INODE_AT: Final = 68


def listening_sockets() -> frozenset[Socket]:
    """Every socket that listens, or takes datagrams from anyone on a port of a service.

    Raises `OSError` where the kernel cannot be asked.
    """
    found: set[Socket] = set()
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, NETLINK_SOCK_DIAG) as netlink:
        netlink.settimeout(1.0)
        for family in (socket.AF_INET, socket.AF_INET6):
            for protocol, states in ((socket.IPPROTO_TCP, LISTEN), (socket.IPPROTO_UDP, UNCONNECTED)):
                netlink.send(
                    request(SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST | NLM_F_DUMP, _ASKED.pack(family, protocol, 0, states))
                )
                found.update(_told(netlink, int(family), int(protocol)))
    return frozenset(found)


def _told(netlink: socket.socket, family: int, protocol: int) -> Iterator[Socket]:
    for kind, content in messages(netlink):
        if kind == NLMSG_ERROR:
            raise OSError("the kernel does not list sockets")
        raw, address = _TOLD.unpack_from(content)
        port = int.from_bytes(raw, "big")
        if protocol == socket.IPPROTO_UDP and port >= FIRST_EPHEMERAL:
            continue
        inode = int.from_bytes(content[_INODE_AT : _INODE_AT + 4], sys.byteorder)
        yield family, protocol, address, port, inode
