"""The number of the kernel's nftables ruleset, which changes with every change of a rule (nfnetlink, NFT_MSG_GETGEN).

Asking costs microseconds, where reading the rules costs a process.
"""

from __future__ import annotations

import socket
import struct
from typing import Final

NETLINK_NETFILTER: Final = 12
NFT_MSG_GETGEN: Final = (10 << 8) | 16
"""Subsystem NFNL_SUBSYS_NFTABLES, message 16 (linux/netfilter/nf_tables.h)."""

NFTA_GEN_ID: Final = 1
NLM_F_REQUEST: Final = 1
NLMSG_ERROR: Final = 2
_HEADER: Final = struct.Struct("=IHHII")
_FAMILY: Final = struct.Struct("=BBH")
_ATTRIBUTE: Final = struct.Struct("=HH")


def nft_generation() -> int | None:
    """None where it cannot be asked: no nftables in the kernel, or no CAP_NET_ADMIN."""
    request = _HEADER.pack(_HEADER.size + _FAMILY.size, NFT_MSG_GETGEN, NLM_F_REQUEST, 1, 0) + _FAMILY.pack(0, 0, 0)
    try:
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, NETLINK_NETFILTER) as netlink:
            netlink.settimeout(1.0)
            netlink.send(request)
            return _generation(netlink.recv(4096))
    except OSError:
        return None


def _generation(answer: bytes) -> int | None:
    _, kind, *_ = _HEADER.unpack_from(answer)
    if kind == NLMSG_ERROR:
        return None
    at = _HEADER.size + _FAMILY.size
    while at + _ATTRIBUTE.size <= len(answer):
        length, attribute = _ATTRIBUTE.unpack_from(answer, at)
        if attribute == NFTA_GEN_ID and length == 8:
            return int.from_bytes(answer[at + 4 : at + 8], "big")
        at += max(_ATTRIBUTE.size, (length + 3) & ~3)
    return None
