"""Frames between a host and its switch that break IEEE 802.1X or EAP, made with scapy, sent as they are."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from typing import Final

from scapy.layers.eap import EAP, EAPOL
from scapy.layers.l2 import Ether
from scapy.packet import Packet, Raw

from lab.campus import namespace

_GROUP: Final = "01:80:c2:00:00:03"
"""PAE group address (IEEE 802.1X 11.1.1)."""

_PACKET, _START, _LOGOFF, _KEY = 0, 1, 2, 3


def breaking_the_rules(mac: str) -> Mapping[str, bytes]:
    """By what is wrong with each. `mac`: the sender's."""
    made: dict[str, Packet] = {
        "a version that there is not": EAPOL(version=255, type=_START),
        "a type that there is not": EAPOL(type=9) / Raw(bytes(20)),
        "a body longer than the frame": EAPOL(type=_PACKET, len=0xFFFF) / _identity(),
        "a body shorter than its EAP packet": EAPOL(type=_PACKET, len=2) / _identity(),
        "no body": EAPOL(type=_PACKET, len=4),
        "an EAP packet longer than the body": EAPOL(type=_PACKET) / _identity(length=0xFFFF),
        "an EAP packet shorter than its header": EAPOL(type=_PACKET) / _identity(length=3),
        "an EAP code that there is not": EAPOL(type=_PACKET) / EAP(code=9, id=1),
        "EAP-Success from the wrong side": EAPOL(type=_PACKET) / EAP(code=3, id=1),
        "EAP-Request from the wrong side": EAPOL(type=_PACKET) / EAP(code=1, id=1, type=1),
        "a key of nobody": EAPOL(type=_KEY) / Raw(b"\x02" + b"\xff" * 94),
        "an identity of 1,400 octets": EAPOL(type=_PACKET) / _identity(b"n" * 1400),
        "EAPOL-Logoff before there is a session": EAPOL(type=_LOGOFF),
    }
    frames = {what: bytes(Ether(src=mac, dst=_GROUP, type=0x888E) / packet) for what, packet in made.items()}
    return {**frames, "half a header": frames["no body"][:15]}


def _identity(name: bytes = b"nobody", *, length: int | None = None) -> Packet:
    return EAP(code=2, id=1, len=length, type=1, identity=name)


def send(place: str, frames: Mapping[str, bytes]) -> None:
    """From the host in the namespace `place`, one after the other."""

    def out() -> None:
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as wire:
            wire.bind(("eth0", 0))
            for frame in frames.values():
                wire.send(frame)

    namespace.inside(place, out)
