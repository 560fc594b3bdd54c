"""EAP whose lengths lie, and fragments that never end: every conversation is refused after a bounded time."""

from __future__ import annotations

from lab.hostile.attacker import Attacker, goes_on
from lab.hostile.packets import ACCESS_CHALLENGE, ACCESS_REJECT, fragment, identity
from lab.scenarios.vocabulary import Campus

HELLO = bytes([22, 3, 1, 0x40, 0x00])
"""The head of a TLS record that says 16 KiB follow."""

LYING = {
    "an EAP length of more than there is": identity(b"nobody", length=4000),
    "an EAP length of less than a header": identity(b"nobody", length=3),
    "an EAP length of nothing": identity(b"nobody", length=0),
    "an EAP code that there is not": bytes([9]) + identity(b"nobody")[1:],
    "EAP-Success from the device": bytes([3, 1, 0, 4]),
    "three octets": identity(b"nobody")[:3],
}

ENDLESS = {
    "a message of 4 GiB, announced": [fragment(0, HELLO, more=True, claims=0xFFFFFFFF)],
    "more than was announced": [
        fragment(0, HELLO + bytes(95), more=True, claims=100),
        *[fragment(0, bytes(1000), more=True)] * 90,
    ],
    "fragments without an end": [
        fragment(0, HELLO + bytes(995), more=True),
        *[fragment(0, bytes(1000), more=True)] * 90,
    ],
    "empty fragments without an end": [fragment(0, HELLO, more=True), *[fragment(0, b"", more=True)] * 300],
}


def play(campus: Campus) -> None:
    for what, packet in LYING.items():
        with Attacker(campus, "ber-3") as attacker:
            codes = attacker.converses([packet])
            campus.must(codes == [ACCESS_REJECT], f"{what}: Access-Reject")
            attacker.is_recorded("eap_malformed")
    for what, fragments in ENDLESS.items():
        with Attacker(campus, "ber-3") as attacker:
            codes = attacker.converses([identity(b"nobody"), *fragments])
            rounds = codes.count(ACCESS_CHALLENGE)
            campus.must(codes[-1] == ACCESS_REJECT, f"{what}: Access-Reject after {rounds} rounds")
    goes_on(campus)
