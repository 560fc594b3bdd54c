"""Read RADIUS datagrams out of a packet capture: pcap or pcapng; Ethernet, Linux cooked or raw IP; IPv4 and IPv6.

Only whole UDP datagrams to or from a RADIUS port are given. A file that ends in mid packet, as one that is still being
written does, gives what it has.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final, NamedTuple

from nac.errors import NacError

RADIUS_PORTS: Final = frozenset({1812, 1813, 1645, 1646, 3799})
"""RFC 2865 3, RFC 2866 3, RFC 5176 3, and the old ports that some switches still use."""

LARGEST_FRAME: Final = 256 * 1024
"""A longer captured frame is a damaged file."""

_PCAP: Final[dict[bytes, tuple[str, int]]] = {
    b"\xd4\xc3\xb2\xa1": ("<", 1_000_000),
    b"\xa1\xb2\xc3\xd4": (">", 1_000_000),
    b"\x4d\x3c\xb2\xa1": ("<", 1_000_000_000),
    b"\xa1\xb2\x3c\x4d": (">", 1_000_000_000),
}
"""Magic number -> byte order and fractions of a second."""

_PCAPNG: Final = b"\x0a\x0d\x0d\x0a"
_SECTION, _INTERFACE, _SIMPLE, _ENHANCED = 0x0A0D0D0A, 1, 3, 6
_UDP: Final = 17
_IPV4, _IPV6 = 0x0800, 0x86DD
_VLAN_TAGS: Final = frozenset({0x8100, 0x88A8, 0x9100})
_IPV6_EXTENSIONS: Final = frozenset({0, 43, 60})


class CaptureError(NacError):
    """A file is not a packet capture, or is damaged."""

    exit_code = 2


@dataclass(frozen=True)
class Datagram:
    """One UDP datagram. `at`: Unix seconds, None when the capture does not say; addresses as `address:port`."""

    at: float | None
    source: str
    destination: str
    payload: bytes


class _Frame(NamedTuple):
    at: float | None
    link: int
    data: bytes


def is_capture(data: bytes) -> bool:
    """Whether the first octets are those of a capture that can be read."""
    return data[:4] in _PCAP or data[:4] == _PCAPNG


def radius_datagrams(data: bytes) -> Iterator[Datagram]:
    """The RADIUS datagrams of a capture, in its order. Raises `CaptureError`."""
    if data[:4] in _PCAP:
        frames = _pcap_frames(data)
    elif data[:4] == _PCAPNG:
        frames = _pcapng_frames(data)
    else:
        raise CaptureError("this is not a packet capture", fix="give a pcap or pcapng file, or hex digits")
    for frame in frames:
        datagram = _datagram(frame)
        if datagram is not None:
            yield datagram


def _pcap_frames(data: bytes) -> Iterator[_Frame]:
    order, fraction = _PCAP[data[:4]]
    if len(data) < 24:
        raise CaptureError("the capture ends within its header", fix="capture again")
    link = struct.unpack_from(f"{order}I", data, 20)[0] & 0xFFFF
    offset = 24
    while offset + 16 <= len(data):
        seconds, part, captured, _length = struct.unpack_from(f"{order}IIII", data, offset)
        if captured > LARGEST_FRAME:
            raise CaptureError(f"the capture is damaged at octet {offset}: a frame of {captured} octets")
        frame = data[offset + 16 : offset + 16 + captured]
        if len(frame) == captured:
            yield _Frame(seconds + part / fraction, link, frame)
        offset += 16 + captured


def _pcapng_frames(data: bytes) -> Iterator[_Frame]:
    order, offset = "<", 0
    interfaces: list[tuple[int, float]] = []
    while offset + 12 <= len(data):
        if data[offset : offset + 4] == _PCAPNG:
            order = "<" if data[offset + 8 : offset + 12] == b"\x4d\x3c\x2b\x1a" else ">"
        kind, length = struct.unpack_from(f"{order}II", data, offset)
        if length < 12 or length % 4:
            raise CaptureError(f"the capture is damaged at octet {offset}: a block of {length} octets")
        body = data[offset + 8 : offset + length - 4]
        if offset + length > len(data):
            return
        if kind == _SECTION:
            interfaces = []
        elif kind == _INTERFACE and len(body) >= 8:
            interfaces.append((struct.unpack_from(f"{order}H", body)[0], _resolution(body[8:], order)))
        elif kind == _ENHANCED and len(body) >= 20:
            number, high, low, captured, _original = struct.unpack_from(f"{order}IIIII", body)
            if number < len(interfaces) and captured <= len(body) - 20:
                link, unit = interfaces[number]
                yield _Frame((high << 32 | low) * unit, link, body[20 : 20 + captured])
        elif kind == _SIMPLE and len(body) >= 4 and interfaces:
            original = struct.unpack_from(f"{order}I", body)[0]
            yield _Frame(None, interfaces[0][0], body[4 : 4 + original])
        offset += length


def _resolution(options: bytes, order: str) -> float:
    """Seconds of one unit of an interface's timestamps (option if_tsresol); a microsecond unless it says otherwise."""
    offset = 0
    while offset + 4 <= len(options):
        code, length = struct.unpack_from(f"{order}HH", options, offset)
        if code == 0:
            break
        if code == 9 and length == 1 and offset + 4 < len(options):
            exponent = options[offset + 4]
            return float(2.0 ** -(exponent & 0x7F)) if exponent & 0x80 else float(10.0**-exponent)
        offset += 4 + length + (-length % 4)
    return 1e-6


def _datagram(frame: _Frame) -> Datagram | None:
    packet = _ip_packet(frame.link, frame.data)
    if not packet:
        return None
    version = packet[0] >> 4
    if version == 4:
        return _ipv4(frame.at, packet)
    return _ipv6(frame.at, packet) if version == 6 else None


def _ip_packet(link: int, data: bytes) -> bytes:
    """What a link type (the registry of tcpdump.org) carries, if that is IP."""
    match link:
        case 1:
            return _after_ethertype(data, 12)
        case 113:
            return _after_ethertype(data, 14)
        case 276:
            return data[20:] if data[:2] in (b"\x08\x00", b"\x86\xdd") else b""
        case 0:
            return data[4:]
        case 12 | 14 | 101 | 228 | 229:
            return data
        case _:
            raise CaptureError(f"captures of link type {link} are not read", fix="capture on Ethernet or `-i any`")


def _after_ethertype(data: bytes, offset: int) -> bytes:
    kind = int.from_bytes(data[offset : offset + 2], "big")
    while kind in _VLAN_TAGS:
        offset += 4
        kind = int.from_bytes(data[offset : offset + 2], "big")
    return data[offset + 2 :] if kind in (_IPV4, _IPV6) else b""


def _ipv4(at: float | None, packet: bytes) -> Datagram | None:
    header = (packet[0] & 0x0F) * 4
    if len(packet) < header or header < 20 or packet[9] != _UDP:
        return None
    if int.from_bytes(packet[6:8], "big") & 0x3FFF:  # more fragments, or not the first
        return None
    length = int.from_bytes(packet[2:4], "big")
    return _udp(at, packet[12:16], packet[16:20], packet[header:length])


def _ipv6(at: float | None, packet: bytes) -> Datagram | None:
    if len(packet) < 40:
        return None
    following, offset = packet[6], 40
    end = 40 + int.from_bytes(packet[4:6], "big")
    while following in _IPV6_EXTENSIONS and offset + 8 <= len(packet):
        following, offset = packet[offset], offset + 8 + packet[offset + 1] * 8
    return _udp(at, packet[8:24], packet[24:40], packet[offset:end]) if following == _UDP else None


def _udp(at: float | None, source: bytes, destination: bytes, segment: bytes) -> Datagram | None:
    if len(segment) < 8:
        return None
    source_port, destination_port, length = struct.unpack_from(">HHH", segment)
    if not RADIUS_PORTS & {source_port, destination_port} or not 8 <= length <= len(segment):
        return None
    return Datagram(at, _endpoint(source, source_port), _endpoint(destination, destination_port), segment[8:length])


def _endpoint(address: bytes, port: int) -> str:
    text = str(ip_address(address))
    return f"[{text}]:{port}" if ":" in text else f"{text}:{port}"
