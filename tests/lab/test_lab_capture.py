"""Reading captures: files as tcpdump writes them, whole, cut off, or of another kind."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from lab.campus.error import LabError
from lab.campus.pcap import frames

HOST = bytes.fromhex("02005e000001")


def header(linktype: int = 276) -> bytes:
    return struct.pack("=IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, linktype)


def record(payload: bytes, *, ethertype: int = 0x888E, outgoing: bool = False, at: float = 1.5) -> bytes:
    cooked = struct.pack("!HHIHBB8s", ethertype, 0, 7, 1, 4 if outgoing else 0, 6, HOST)
    packet = cooked + payload
    return struct.pack("=IIII", int(at), int(at % 1 * 1e6), len(packet), len(packet)) + packet


def test_a_capture_with_two_frames(tmp_path: Path) -> None:
    file = tmp_path / "two.pcap"
    file.write_bytes(header() + record(b"\x02\x01\0\0") + record(b"\x02\0\0\x04", outgoing=True, at=2.25))
    first, second = frames(file)
    assert (first.at, first.interface, first.is_outgoing, first.address) == (1.5, 7, False, "02-00-5E-00-00-01")
    assert (first.ethertype, first.payload) == (0x888E, b"\x02\x01\0\0")
    assert (second.at, second.is_outgoing) == (2.25, True)


@pytest.mark.parametrize("missing", range(1, 40))
def test_a_file_that_is_being_written_ends_early(tmp_path: Path, missing: int) -> None:
    file = tmp_path / "growing.pcap"
    file.write_bytes((header() + record(b"whole") + record(b"half"))[:-missing])
    assert [frame.payload for frame in frames(file)] == [b"whole"]


@pytest.mark.parametrize("octets", [header(1), b"\x0a\x0d\x0d\x0a" + bytes(40)])
def test_another_format_is_said(tmp_path: Path, octets: bytes) -> None:
    file = tmp_path / "other.pcap"
    file.write_bytes(octets)
    with pytest.raises(LabError, match="no capture of this lab"):
        list(frames(file))


def test_an_empty_file_has_no_frames(tmp_path: Path) -> None:
    file = tmp_path / "empty.pcap"
    file.touch()
    assert list(frames(file)) == []
