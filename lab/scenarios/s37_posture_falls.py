"""A laptop stops being healthy, and its live port changes: nobody signs in again, nobody pulls a cable.

At a switch that takes list and VLAN in place, at one that is told to disconnect, at one that is told to ask again.
"""

from __future__ import annotations

from lab.scenarios.vocabulary import Campus


def play(campus: Campus) -> None:
    for switch in ("ber-1", "ber-2", "bos-1"):
        laptop = campus.laptop("ml-engineering")
        campus.takes_over()
        laptop.plugs_into(switch).signs_in().reaches("training-cluster", "model-registry")
        laptop.posture("unhealthy")
        laptop.loses("training-cluster", "model-registry")
        laptop.comes_to_reach("internet").has_change("confirmed").reaches_only("internet")
        campus.must(laptop.host.seen()["vlan"] == 66, f"{laptop.name} is in VLAN 66, remediation")
        laptop.posture("healthy")
        laptop.comes_to_reach("training-cluster", "model-registry")
