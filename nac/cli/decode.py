"""`nac decode`: RADIUS packets in words, by the same code that the server runs."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click

from nac._dataplane import DecodedPacket, Dictionary, PacketError, decode_packet
from nac.cli.capture import Datagram, is_capture, radius_datagrams
from nac.cli.output import Format, local_time, note, output_option, print_json, printable, say
from nac.enforcement.dictionary import shipped_dictionary
from nac.errors import NacError

LARGEST_INPUT: Final = 1 << 30
"""A gibibyte: a larger capture should be filtered first."""

_REQUESTS: Final = frozenset({1, 4, 12, 40, 43})
"""Codes whose authenticator the reply is signed with (RFC 2865 3, RFC 5176 2.3)."""


class DecodeError(NacError):
    """The input is neither a capture nor one RADIUS packet in hex."""

    exit_code = 2


@dataclass(frozen=True)
class Decoded:
    """A datagram with its packet, or with why it is none."""

    datagram: Datagram | None
    packet: DecodedPacket | None
    error: str | None


@click.command("decode")
@click.argument("source", metavar="HEX|FILE|-")
@click.option(
    "--secret-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The shared secret, to check Message-Authenticator.",
)
@output_option
def cli(source: str, secret_file: Path | None, output: Format) -> None:
    """Decode one packet from hex digits, or all RADIUS packets of a capture (pcap, pcapng; - for standard input)."""
    secret = secret_file.read_bytes().rstrip(b"\r\n") if secret_file is not None else None
    data = _read(source)
    if is_capture(data):
        packets = _decode_capture(radius_datagrams(data), shipped_dictionary(), secret)
    else:
        packets = [_decode_hex(data, shipped_dictionary(), secret)]
    if output == "json":
        print_json([_as_json(decoded) for decoded in packets])
        return
    for number, decoded in enumerate(packets, 1):
        _print_packet(number, decoded)
    if not packets:
        note("no RADIUS packet in this capture (UDP ports 1812, 1813, 1645, 1646, 3799; IP fragments are left out)")


def _read(source: str) -> bytes:
    if source == "-":
        return sys.stdin.buffer.read(LARGEST_INPUT)
    path = Path(source)
    if len(source) < 1024 and path.is_file():
        with path.open("rb") as file:
            return file.read(LARGEST_INPUT)
    return source.encode()


def _decode_hex(data: bytes, dictionary: Dictionary, secret: bytes | None) -> Decoded:
    try:
        text = data.decode("ascii").strip().removeprefix("0x").replace(":", "")
        return Decoded(None, decode_packet(bytes.fromhex(text), dictionary=dictionary, secret=secret), None)
    except ValueError as error:
        raise DecodeError(
            "this is neither a file, nor a capture, nor hex digits",
            fix="give a pcap file, or the packet from its code on",
        ) from error
    except PacketError as error:
        raise DecodeError(
            f"not a RADIUS packet: {error}", fix="give the UDP payload alone, from its code on"
        ) from error


def _decode_capture(datagrams: Iterable[Datagram], dictionary: Dictionary, secret: bytes | None) -> list[Decoded]:
    """Decode in order; a reply is checked with the authenticator of the last request that it can answer."""
    requests: dict[tuple[str, str, int], bytes] = {}
    decoded: list[Decoded] = []
    for datagram in datagrams:
        identifier = datagram.payload[1] if len(datagram.payload) > 1 else 0
        asked = requests.get((datagram.destination, datagram.source, identifier))
        is_reply = bool(datagram.payload) and datagram.payload[0] not in _REQUESTS
        try:
            packet = decode_packet(
                datagram.payload,
                dictionary=dictionary,
                secret=secret,
                request_authenticator=asked if is_reply else None,
            )
        except PacketError as error:
            decoded.append(Decoded(datagram, None, str(error)))
            continue
        if not is_reply:
            requests[datagram.source, datagram.destination, identifier] = packet.authenticator
        decoded.append(Decoded(datagram, packet, None))
    return decoded


def _print_packet(number: int, decoded: Decoded) -> None:
    where = ""
    if decoded.datagram is not None:
        at = f"{local_time(decoded.datagram.at)} " if decoded.datagram.at is not None else ""
        where = f"#{number} {at}{decoded.datagram.source} > {decoded.datagram.destination} "
    packet = decoded.packet
    if packet is None:
        say(f"{where}not a RADIUS packet: {printable(decoded.error or '')}")
        return
    say(
        f"{where}{printable(packet.code_name)} id {packet.identifier}, {packet.length} octets, "
        f"Message-Authenticator {packet.message_authenticator}"
    )
    for attribute in packet.attributes:
        say(f"    {printable(attribute.name)} = {printable(attribute.value)}")


def _as_json(decoded: Decoded) -> dict[str, Any]:
    """A packet as `-o json` prints it; `raw` and `authenticator` are hex, `at` is in Unix seconds."""
    datagram, packet = decoded.datagram, decoded.packet
    where = {
        "at": datagram.at if datagram else None,
        "source": datagram.source if datagram else None,
        "destination": datagram.destination if datagram else None,
        "error": decoded.error,
    }
    if packet is None:
        return where
    return {
        **where,
        "code": packet.code,
        "code_name": packet.code_name,
        "identifier": packet.identifier,
        "length": packet.length,
        "authenticator": packet.authenticator.hex(),
        "message_authenticator": packet.message_authenticator,
        "attributes": [{"name": a.name, "value": a.value, "raw": a.raw.hex()} for a in packet.attributes],
    }
