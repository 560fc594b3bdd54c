"""A revocation holds from the next handshake on, without a restart, and resumption is no way around it."""

from __future__ import annotations

from lab.scenarios.vocabulary import Campus


def play(campus: Campus) -> None:
    laptop = campus.laptop("ml-engineering")
    campus.takes_over()
    laptop.plugs_into("ber-1").signs_in().reaches("model-registry")
    before = campus.nac.status()
    campus.admin("pki", "revoke", laptop.name, "--reason", "key-compromise")
    campus.takes_over()
    laptop.is_refused("certificate_revoked")
    after = campus.nac.status()
    campus.must(before and after and before["started_at"] == after["started_at"], "the server runs on")
