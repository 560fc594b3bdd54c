"""A stolen laptop's certificate is revoked: its live session ends, and the next handshake is refused."""

from __future__ import annotations

from lab.scenarios.vocabulary import Campus


def play(campus: Campus) -> None:
    laptop = campus.laptop("ml-engineering")
    campus.takes_over()
    laptop.plugs_into("ber-1").signs_in().reaches("model-registry")
    campus.admin("pki", "revoke", laptop.name, "--reason", "key-compromise")
    laptop.loses("model-registry").is_out()
    laptop.is_refused("certificate_revoked")
