"""An admin puts a live laptop into quarantine with one command, and lets it out with another."""

from __future__ import annotations

from lab.scenarios.vocabulary import Campus


def play(campus: Campus) -> None:
    laptop = campus.laptop("ml-engineering")
    campus.takes_over()
    laptop.plugs_into("ber-1").signs_in().reaches("training-cluster")
    campus.admin("session", "quarantine", laptop.name)
    laptop.loses("training-cluster", "internet").reaches_only()
    campus.must(laptop.host.seen()["vlan"] == 99, f"{laptop.name} is in VLAN 99, quarantine")
    campus.admin("session", "release", laptop.name)
    laptop.comes_to_reach("training-cluster", "internet")
