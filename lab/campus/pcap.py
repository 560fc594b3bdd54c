"""Read captures of tcpdump's `any` device: pcap files with Linux cooked headers (LINKTYPE_LINUX_SLL2, 276)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lab.campus.error import LabError

_MAGIC: Final = 0xA1B2C3D4
_LINKTYPE: Final = 276
_FILE_HEADER: Final = 24
_RECORD: Final = struct.Struct("=IIII")
_COOKED: Final = struct.Struct("!HHIHBB8s")
_OUTGOING: Final = 4


@dataclass(frozen=True)
class Frame:
    """One packet: when (Unix seconds), at which interface, its EtherType and what is behind the link header.

    `address` is the sender's, in the form of IEEE 802.
    """

    at: float
    interface: int
    is_outgoing: bool
    address: str
    ethertype: int
    payload: bytes


def frames(path: Path) -> Iterator[Frame]:
    """All packets of a file; one that is being written ends early. Raises `LabError` for another format."""
    octets = path.read_bytes()
    if len(octets) < _FILE_HEADER:
        return
    magic, linktype = struct.unpack_from("=I", octets)[0], struct.unpack_from("=I", octets, 20)[0]
    if (magic, linktype) != (_MAGIC, _LINKTYPE):
        raise LabError(f"{path} is no capture of this lab")
    at = _FILE_HEADER
    while at + _RECORD.size <= len(octets):
        seconds, micros, length, _ = _RECORD.unpack_from(octets, at)
        at += _RECORD.size
        packet = octets[at : at + length]
        at += length
        if len(packet) == length and length >= _COOKED.size:
            yield _frame(seconds + micros / 1e6, packet)


def _frame(at: float, packet: bytes) -> Frame:
    ethertype, _, interface, _, kind, length, address = _COOKED.unpack_from(packet)
    mac = "-".join(f"{octet:02X}" for octet in address[: min(length, 8)])
    return Frame(at, interface, kind == _OUTGOING, mac, ethertype, packet[_COOKED.size :])
