"""`nac decode` on RFC vectors and on captures of whole exchanges, by the code that the server runs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from pyrad.client import Client
from pyrad.dictionary import Dictionary
from pyrad.packet import AccessAccept, AccessRequest
from scapy.layers.inet import IP, UDP
from scapy.packet import Raw
from scapy.utils import PcapWriter

Run = Callable[..., Result]

RFC2865_7_1 = (
    "01000038 0f403f9473978057bd83d5cb98f4227a 01066e656d6f 02120dbe708d93d413ce3196e43f782a0aee"
    "0406c0a80110 050600000003"
).replace(" ", "")
SECRET = b"a secret of sixteen"


@pytest.mark.parametrize(
    "text", [RFC2865_7_1, "0x" + RFC2865_7_1.upper(), ":".join(RFC2865_7_1[i : i + 2] for i in range(0, 112, 2))]
)
def test_rfc2865_7_1(nac: Run, text: str) -> None:
    out = nac("decode", text).stdout
    assert out.startswith("Access-Request id 0, 56 octets, Message-Authenticator absent")
    assert "User-Name = nemo" in out
    assert "NAS-IP-Address = 192.168.1.16" in out
    assert "NAS-Port = 3" in out


def test_hex_from_standard_input_and_from_a_file(nac: Run, site: Path) -> None:
    (site / "packet.hex").write_text(RFC2865_7_1 + "\n")
    for result in (nac("decode", "-", stdin=RFC2865_7_1 + "\n"), nac("decode", "packet.hex")):
        assert "User-Name = nemo" in result.stdout


def exchange() -> tuple[bytes, bytes]:
    """A request with Message-Authenticator and its reply, as pyrad makes them."""
    client = Client(server="10.0.0.1", secret=SECRET, dict=Dictionary(), enforce_ma=True)
    request = client.CreateAuthPacket(code=AccessRequest, id=7)
    request[1] = [b"bob\x1b[31m"]
    asked = request.RequestPacket()
    reply = request.CreateReply()
    reply.code = AccessAccept
    reply.add_message_authenticator()
    return asked, reply.ReplyPacket()


@pytest.fixture
def capture(site: Path) -> Path:
    asked, answered = exchange()
    with PcapWriter(str(site / "exchange.pcap"), linktype=101) as writer:
        writer.write(IP(src="10.0.0.7", dst="10.0.0.1") / UDP(sport=50123, dport=1812) / Raw(asked))
        writer.write(IP(src="10.0.0.1", dst="10.0.0.7") / UDP(sport=1812, dport=50123) / Raw(answered))
        writer.write(IP(src="10.0.0.9", dst="10.0.0.1") / UDP(sport=50123, dport=1812) / Raw(b"not radius"))
    (site / "secret").write_bytes(SECRET + b"\n")
    (site / "wrong").write_bytes(b"another secret")
    return site / "exchange.pcap"


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ([], ["unchecked", "unchecked"]),
        (["--secret-file", "secret"], ["valid", "valid"]),
        (["--secret-file", "wrong"], ["invalid", "invalid"]),
    ],
)
def test_a_capture(nac: Run, capture: Path, options: list[str], expected: list[str]) -> None:
    packets = json.loads(nac("decode", str(capture), *options, "-o", "json").stdout)
    assert [packet.get("message_authenticator") for packet in packets] == [*expected, None]
    assert [packet.get("code_name") for packet in packets] == ["Access-Request", "Access-Accept", None]
    assert packets[0]["source"] == "10.0.0.7:50123"
    assert packets[2]["error"]


def test_a_capture_on_standard_input_in_words(nac: Run, capture: Path) -> None:
    out = nac("decode", "-", stdin=capture.read_bytes()).stdout
    assert "10.0.0.7:50123 > 10.0.0.1:1812 Access-Request id 7" in out
    assert "not a RADIUS packet" in out
    assert "\x1b" not in out
    assert "bob" in out


@pytest.mark.parametrize("source", ["", "zz", "0105", "01050014", RFC2865_7_1[:-2], "no-such-file.pcap"])
def test_what_is_no_packet(nac: Run, source: str) -> None:
    result = nac("decode", source, code=2)
    assert "fix: " in result.stderr


def test_a_capture_without_radius(nac: Run, site: Path) -> None:
    with PcapWriter(str(site / "other.pcap"), linktype=101) as writer:
        writer.write(IP(src="10.0.0.7", dst="10.0.0.1") / UDP(sport=53, dport=53) / Raw(b"x"))
    assert "no RADIUS packet" in nac("decode", "other.pcap").stderr
