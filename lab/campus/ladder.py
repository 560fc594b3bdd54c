"""The packets of one host as they went: EAPOL between host and switch, RADIUS between switch and server."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from lab.campus import capture
from lab.campus.pcap import Frame, frames
from lab.campus.state import Lab

Place = Literal["host", "switch", "nac"]

_EAPOL: Final = 0x888E
_IPV4: Final = 0x0800
_UDP: Final = 17
_PORTS: Final = frozenset({1812, 1813, 3799})
_CODES: Final = {
    1: "Access-Request",
    2: "Access-Accept",
    3: "Access-Reject",
    4: "Accounting-Request",
    5: "Accounting-Response",
    11: "Access-Challenge",
    40: "Disconnect-Request",
    41: "Disconnect-ACK",
    42: "Disconnect-NAK",
    43: "CoA-Request",
    44: "CoA-ACK",
    45: "CoA-NAK",
}
_ACCEPT: Final = 2
_EAP_CODES: Final = {1: "Request", 2: "Response", 3: "Success", 4: "Failure"}
_EAP_TYPES: Final = {1: "Identity", 3: "Nak", 13: "TLS"}
_STATUS: Final = {1: "Start", 2: "Stop", 3: "Interim-Update"}
_CALLING_STATION, _STATUS_TYPE, _EAP_MESSAGE, _VLAN, _FILTER, _TIMEOUT, _VENDOR, _CAUSE = (
    31,
    40,
    79,
    81,
    92,
    27,
    26,
    101,
)


@dataclass(frozen=True)
class Rung:
    """One packet: when (Unix seconds), between whom, what it is in words; of RADIUS also the octets."""

    at: float
    source: Place
    target: Place
    text: str
    octets: bytes = b""

    @property
    def code(self) -> int:
        """Of RADIUS (RFC 2865 3); 0 for EAPOL."""
        return self.octets[0] if self.octets else 0


@dataclass(frozen=True)
class _Radius:
    """A RADIUS packet on the uplink."""

    to_server: bool
    conversation: tuple[int, int, int]
    """Port of the switch, port of the server, identifier: what request and reply share."""
    octets: bytes

    @property
    def attributes(self) -> dict[int, list[bytes]]:
        found: dict[int, list[bytes]] = {}
        at = 20
        while at + 2 <= len(self.octets) and self.octets[at + 1] >= 2:
            found.setdefault(self.octets[at], []).append(self.octets[at + 2 : at + self.octets[at + 1]])
            at += self.octets[at + 1]
        return found


def ladder(lab: Lab, switch: str, mac: str, begun: float, ended: float) -> list[Rung]:
    """What went over the wire at a switch for a host between two times (Unix seconds), in order."""
    wanted = mac.replace(":", "-").upper()
    return [rung for rung in _rungs(frames(capture.path(lab, switch)), wanted) if begun <= rung.at <= ended]


def _rungs(seen: Iterator[Frame], mac: str) -> Iterator[Rung]:
    interface: int | None = None
    conversations: set[tuple[int, int, int]] = set()
    for frame in seen:
        if frame.ethertype == _EAPOL:
            if frame.address == mac:
                interface = frame.interface
            if frame.interface == interface:
                ends: tuple[Place, Place] = ("switch", "host") if frame.is_outgoing else ("host", "switch")
                yield Rung(frame.at, ends[0], ends[1], _eapol(frame.payload))
        elif (packet := _radius(frame)) is not None and _is_about(packet, mac, conversations):
            ends = ("switch", "nac") if packet.to_server else ("nac", "switch")
            yield Rung(frame.at, ends[0], ends[1], _told(packet), packet.octets)


def _is_about(packet: _Radius, mac: str, conversations: set[tuple[int, int, int]]) -> bool:
    """A request names the host; its reply has the same ports and identifier."""
    named = packet.attributes.get(_CALLING_STATION)
    if named is not None:
        ours = named[0].decode(errors="replace").upper() == mac
        (conversations.add if ours else conversations.discard)(packet.conversation)
        return ours
    return packet.conversation in conversations


def _radius(frame: Frame) -> _Radius | None:
    packet = frame.payload
    if frame.ethertype != _IPV4 or len(packet) < 20 or packet[9] != _UDP:
        return None
    udp = packet[(packet[0] & 0x0F) * 4 :]
    source, target = int.from_bytes(udp[:2]), int.from_bytes(udp[2:4])
    if not {source, target} & _PORTS or len(udp) < 28:
        return None
    octets = udp[8 : 8 + int.from_bytes(udp[10:12])]
    ports = (source, target) if frame.is_outgoing else (target, source)
    return _Radius(frame.is_outgoing, (*ports, octets[1]), octets)


def _eapol(payload: bytes) -> str:
    """A frame of IEEE 802.1X: version, type, length, body."""
    if len(payload) < 4:
        return "EAPOL, cut off"
    kinds = {1: "EAPOL-Start", 2: "EAPOL-Logoff"}
    return kinds.get(payload[1]) or (_eap(payload[4:]) if payload[1] == 0 else f"EAPOL type {payload[1]}")


def _eap(packet: bytes) -> str:
    """RFC 3748 4: code, identifier, length, type."""
    if len(packet) < 4:
        return "EAP, cut off"
    words = ["EAP", _EAP_CODES.get(packet[0], f"code {packet[0]}")]
    if packet[0] in (1, 2) and len(packet) > 4:
        words.append(_EAP_TYPES.get(packet[4], f"type {packet[4]}"))
        if packet[4] == 13:
            words.append(f"({int.from_bytes(packet[2:4])} octets)")
    return " ".join(words)


def _told(packet: _Radius) -> str:
    attributes = packet.attributes
    words = [_CODES.get(packet.octets[0], f"code {packet.octets[0]}"), f"#{packet.octets[1]}"]
    if _STATUS_TYPE in attributes:
        words.append(_STATUS.get(attributes[_STATUS_TYPE][0][3], "?"))
    if _EAP_MESSAGE in attributes:
        words.append(f"[{_eap(b''.join(attributes[_EAP_MESSAGE]))}]")
    if _VLAN in attributes:
        words.append(f"VLAN {attributes[_VLAN][0].decode(errors='replace')}")
    if _TIMEOUT in attributes and packet.octets[0] == _ACCEPT:
        words.append(f"for {int.from_bytes(attributes[_TIMEOUT][0])} s")
    listed = len(attributes.get(_FILTER, ())) or len(attributes.get(_VENDOR, ())) - 2 * (packet.octets[0] == _ACCEPT)
    if packet.octets[0] in (_ACCEPT, 43) and listed > 0:
        words.append(f"{listed} lines of access list")
    if _CAUSE in attributes:
        words.append(f"Error-Cause {int.from_bytes(attributes[_CAUSE][0])}")
    return " ".join(words)
