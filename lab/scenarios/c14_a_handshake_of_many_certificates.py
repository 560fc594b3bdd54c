"""A certificate and a chain that make the handshake longer than 4096 octets are no reason to fail."""

from __future__ import annotations

from lab.scenarios.vocabulary import Campus

LONG_NAME = "spiffe://corp.example/" + "building/" * 100


def play(campus: Campus) -> None:
    laptop = campus.laptop("devops")
    names = ["--user", laptop.identity, "--device", laptop.name]
    laptop.certificate = campus.certificate(*names, "--key", "rsa4096", "--uri", LONG_NAME)
    laptop.carries_a_longer_chain()
    campus.takes_over()
    laptop.plugs_into("ber-1").signs_in().reaches("deployment")
    octets = laptop.event["tls"]["octets_in"]
    campus.must(octets > 4096, f"the device sent {octets} octets of TLS")
