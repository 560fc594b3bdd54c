"""A laptop that is not well says that it is: replayed, altered, old, signed by somebody else. Nothing of it counts."""

from __future__ import annotations

from lab.scenarios.vocabulary import Campus


def play(campus: Campus) -> None:
    laptop, other = campus.workstation("ml-engineering"), campus.workstation("ml-engineering")
    campus.takes_over()
    laptop.plugs_into("ber-1").signs_in()
    other.plugs_into("ber-1").signs_in()
    forger = laptop.forger()
    healthy = forger.token()
    forger.is_taken(healthy)
    forger.is_refused(healthy, "replayed")
    laptop.comes_to_reach("training-cluster").firewall_goes_down()
    forger.looks()
    forger.is_taken(forger.token())
    laptop.loses("training-cluster").comes_to_be("unhealthy", failing="firewall")

    forger.is_refused(healthy, "stale_nonce")
    forger.is_refused(forger.altered(forger.token()), "bad_signature")
    forger.is_refused(other.forger().token(subject=laptop.name), "foreign_key")
    forger.is_refused(forger.token(age_s=3600), "too_old")
    forger.is_refused(forger.token(age_s=-3600), "from_the_future")
    forger.is_refused(forger.token(audience="somebody else"), "wrong_audience")
    forger.is_refused(b"." * 70_000, "oversize")
    for word in ("replayed", "bad_signature", "foreign_key", "too_old", "from_the_future", "wrong_audience"):
        laptop.is_found(f"refused_{word}")
    laptop.comes_to_be("unhealthy", failing="firewall").cannot_reach("training-cluster")
    laptop.firewall_goes_up().agent_starts().comes_to_reach("training-cluster")
