"""A chain that makes the handshake longer than 4096 octets is no reason to fail."""

from __future__ import annotations

from lab.scenarios.vocabulary import Campus


def play(campus: Campus) -> None:
    laptop = campus.laptop("devops", key="rsa4096")
    laptop.carries_a_longer_chain()
    campus.takes_over()
    laptop.plugs_into("ber-1").signs_in().reaches("deployment")
    octets = laptop.event["tls"]["octets_in"]
    campus.must(octets > 4096, f"the device sent {octets} octets of TLS")
