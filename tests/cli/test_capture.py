"""Captures as scapy writes them, of every link type that is read; damage ends in a clear error, never otherwise."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import IPv6, IPv6ExtHdrDestOpt
from scapy.layers.l2 import CookedLinux, Dot1Q, Ether
from scapy.packet import Packet, Raw
from scapy.utils import PcapNgWriter, PcapWriter

from nac.cli.capture import CaptureError, is_capture, radius_datagrams

PAYLOAD = bytes.fromhex("0105001400112233445566778899aabbccddeeff")


class Kept(BytesIO):
    """A file that can be read after its writer has closed it."""

    def close(self) -> None:
        self.kept = self.getvalue()
        super().close()


def pcap(*packets: Packet, link: int, nano: bool = False, endianness: str = "<") -> bytes:
    file = Kept()
    with PcapWriter(file, linktype=link, nano=nano, endianness=endianness) as writer:
        for number, packet in enumerate(packets):
            packet.time = 1700000000.25 + number
            writer.write(packet)
    return file.kept


ETHER = Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02")
UDP4 = IP(src="10.0.0.7", dst="10.0.0.1") / UDP(sport=50123, dport=1812) / Raw(PAYLOAD)
UDP6 = IPv6(src="2001:db8::7", dst="2001:db8::1") / UDP(sport=50123, dport=1813) / Raw(PAYLOAD)


@pytest.mark.parametrize(
    ("packet", "link"),
    [
        (ETHER / UDP4, 1),
        (ETHER / UDP6, 1),
        (ETHER / Dot1Q(vlan=5) / UDP4, 1),
        (ETHER / Dot1Q(vlan=5) / Dot1Q(vlan=6) / UDP6, 1),
        (CookedLinux() / UDP4, 113),
        (UDP4, 101),
        (UDP6, 101),
        (UDP4, 228),
        (IPv6(src="2001:db8::7", dst="2001:db8::1") / IPv6ExtHdrDestOpt() / UDP6[UDP], 101),
        (IP(src="10.0.0.7", dst="10.0.0.1", options=b"\x01\x01\x01\x01") / UDP4[UDP], 101),
    ],
)
@pytest.mark.parametrize("form", [{}, {"nano": True}, {"endianness": ">"}])
def test_link_types(packet: Packet, link: int, form: dict[str, object]) -> None:
    data = pcap(packet.copy(), link=link, **form)  # type: ignore[arg-type]
    assert is_capture(data)
    (datagram,) = radius_datagrams(data)
    assert datagram.payload == PAYLOAD
    assert datagram.source in ("10.0.0.7:50123", "[2001:db8::7]:50123")
    assert datagram.destination in ("10.0.0.1:1812", "[2001:db8::1]:1812", "[2001:db8::1]:1813")
    assert datagram.at == pytest.approx(1700000000.25)


def test_cooked_v2() -> None:
    header = bytes.fromhex("0800") + bytes(18)
    (datagram,) = radius_datagrams(pcap(Raw(header + bytes(UDP4)), link=276))
    assert datagram.payload == PAYLOAD


def test_pcapng(tmp_path: Path) -> None:
    writer = PcapNgWriter(str(tmp_path / "capture"))
    packet = (ETHER / UDP4).copy()
    packet.time = 1700000000.25
    writer.write(packet)
    writer.close()
    (datagram,) = radius_datagrams((tmp_path / "capture").read_bytes())
    assert (datagram.payload, datagram.at) == (PAYLOAD, pytest.approx(1700000000.25))


def test_what_is_not_radius_is_left_out() -> None:
    other_port = IP(src="10.0.0.7", dst="10.0.0.1") / UDP(sport=53, dport=53) / Raw(PAYLOAD)
    fragment = UDP4.copy()
    fragment[IP].flags = "MF"
    data = pcap(
        ETHER / other_port,
        Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02", type=0x88CC) / Raw(b"x" * 50),
        ETHER / fragment,
        ETHER / UDP4,
        link=1,
    )
    assert [datagram.payload for datagram in radius_datagrams(data)] == [PAYLOAD]


def test_a_capture_that_is_still_written_gives_what_it_has() -> None:
    data = pcap(ETHER / UDP4, ETHER / UDP4, link=1)
    for end in range(24, len(data)):
        assert len(list(radius_datagrams(data[:end]))) in (0, 1)


def test_damage_is_a_clear_error() -> None:
    data = bytearray(pcap(ETHER / UDP4, link=1))
    data[32:36] = b"\xff\xff\xff\x7f"
    with pytest.raises(CaptureError, match="damaged at octet 24"):
        list(radius_datagrams(bytes(data)))
    with pytest.raises(CaptureError, match="link type 147"):
        list(radius_datagrams(pcap(Raw(b"x" * 60), link=147)))
    with pytest.raises(CaptureError, match="not a packet capture"):
        list(radius_datagrams(b"hello"))
    with pytest.raises(CaptureError, match="header"):
        list(radius_datagrams(bytes(data[:20])))


@given(st.sampled_from([b"\xd4\xc3\xb2\xa1", b"\xa1\xb2\x3c\x4d", b"\x0a\x0d\x0d\x0a"]), st.binary(max_size=400))
def test_any_octets_give_datagrams_or_a_clear_error(magic: bytes, rest: bytes) -> None:
    try:
        assert isinstance(list(radius_datagrams(magic + rest)), list)
    except CaptureError as error:
        assert str(error)  # noqa: PT017


WHOLE = pcap(ETHER / UDP4, ETHER / UDP6, link=1)


@given(st.integers(0, 200), st.integers(0, 255))
def test_any_changed_octet_gives_datagrams_or_a_clear_error(offset: int, value: int) -> None:
    data = bytearray(WHOLE)
    data[offset % len(data)] = value
    try:
        list(radius_datagrams(bytes(data)))
    except CaptureError:
        return
