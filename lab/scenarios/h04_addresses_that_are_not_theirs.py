"""Packets with a forged source address: a stranger's is nobody's, and a switch's is of no use without its secret."""

from __future__ import annotations

from lab.campus.plan import switch_named
from lab.hostile.attacker import Attacker, goes_on
from lab.hostile.packets import bypass, eap_message, identity, request, station
from lab.scenarios.vocabulary import Campus


def play(campus: Campus) -> None:
    printer = campus.printer()
    campus.takes_over()
    with Attacker(campus, "ber-3") as attacker:
        packets = {
            "the address of a printer that may": request(bypass(printer.mac), attacker.secret),
            "a name": request([*station(attacker.mac, "x"), *eap_message(identity(b"x"))], attacker.secret),
        }
        for stranger in ("10.1.1.77", "10.99.1.11", "1.1.1.1"):
            attacker.spoofs(packets, stranger, "unknown_client")
        attacker.spoofs(packets, switch_named("ber-1").address, "bad_message_authenticator")
    found = campus.nac.json("session", "list", "--mac", printer.mac)
    campus.must(found == [], "no session comes of it")
    goes_on(campus)
