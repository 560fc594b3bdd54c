"""Proxy-State until no list fits any more: all come back in order, and whoever cannot be confined is refused."""

from __future__ import annotations

from scapy.layers.radius import RadiusAttribute

from lab.hostile.attacker import Attacker, goes_on
from lab.hostile.packets import ACCESS_ACCEPT, ACCESS_REJECT, PROXY_STATE, attribute, attributes_of, bypass, request
from lab.scenarios.vocabulary import Campus


def play(campus: Campus) -> None:
    printer = campus.printer()
    campus.takes_over()
    with Attacker(campus, "ber-3") as attacker:
        for count, size in ((100, 2), (14, 200), (300, 1)):
            said = [bytes([number % 256]) * size for number in range(count)]
            asked = request([*bypass(printer.mac), *_states(said)], attacker.secret)
            reply = attacker.asks(asked)
            back = [value for kind, value in attributes_of(reply) if kind == PROXY_STATE]
            campus.must(reply[0] == ACCESS_ACCEPT and back == said, f"{count} of {size} octets: all come back in order")
        full = [bytes([number]) * 251 for number in range(15)]
        for _ in range(20):
            reply = attacker.asks(request([*bypass(printer.mac), *_states(full)], attacker.secret))
            back = [value for kind, value in attributes_of(reply) if kind == PROXY_STATE]
            campus.must(reply[0] == ACCESS_REJECT and back == full, "no room for the list: Access-Reject, never less")
    goes_on(campus)


def _states(values: list[bytes]) -> list[RadiusAttribute]:
    return [attribute(PROXY_STATE, value) for value in values]
