"""The number of the kernel's nftables ruleset, which changes with every change of a rule (nfnetlink, NFT_MSG_GETGEN).

Asking costs microseconds, where reading the rules costs a process.
"""

from __future__ import annotations

import socket
import struct
from typing import Final

from nac.agent.netlink import NLM_F_REQUEST, NLMSG_ERROR, messages, request

NETLINK_NETFILTER: Final = 12
NFT_MSG_GETGEN: Final = (10 << 8) | 16
"""Subsystem NFNL_SUBSYS_NFTABLES, message 16 (linux/netfilter/nf_tables.h)."""

NFTA_GEN_ID: Final = 1
_FAMILY: Final = bytes(4)
_ATTRIBUTE: Final = struct.Struct("=HH")


def nft_generation() -> int | None:
    """None where it cannot be asked: no nftables in the kernel, or no CAP_NET_ADMIN."""
    try:
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, NETLINK_NETFILTER) as netlink:
            netlink.settimeout(1.0)
            netlink.send(request(NFT_MSG_GETGEN, NLM_F_REQUEST, _FAMILY))
            kind, content = next(messages(netlink), (NLMSG_ERROR, b""))
    except OSError:
        return None
    return None if kind == NLMSG_ERROR else _generation(content)


def _generation(content: bytes) -> int | None:
    at = len(_FAMILY)
    while at + _ATTRIBUTE.size <= len(content):
        length, attribute = _ATTRIBUTE.unpack_from(content, at)
        if attribute == NFTA_GEN_ID and length == 8:
            return int.from_bytes(content[at + 4 : at + 8], "big")
        at += max(_ATTRIBUTE.size, (length + 3) & ~3)
    return None
