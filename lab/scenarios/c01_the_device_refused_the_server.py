"""A device that does not trust the server's certificate is on record, with the alert that it sent and what to do."""

from __future__ import annotations

from lab.scenarios.vocabulary import Campus


def play(campus: Campus) -> None:
    laptop = campus.laptop("devops")
    laptop.trusts_somebody_else()
    campus.takes_over()
    laptop.plugs_into("ber-1").is_refused("client_alert_unknown_ca")
    laptop.why_says("FAIL", "unknown_ca", "deploy the server's root")
