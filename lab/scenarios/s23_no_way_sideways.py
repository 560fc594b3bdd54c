"""A fallen laptop does not reach its neighbours: not in its own VLAN, not in another."""

from __future__ import annotations

from lab.campus.probe import ping
from lab.scenarios.vocabulary import Campus


def play(campus: Campus) -> None:
    fallen, beside, elsewhere = (campus.laptop(group) for group in ("ml-engineering", "ml-engineering", "business"))
    campus.takes_over()
    for laptop, vlan in ((fallen, 120), (beside, 120), (elsewhere, 110)):
        laptop.plugs_into("ber-1").signs_in()
        campus.must(laptop.host.seen()["vlan"] == vlan, f"{laptop.name} is in VLAN {vlan}")
    fallen.reaches("training-cluster")
    for neighbour in (beside, elsewhere):
        campus.must(not ping(fallen.host.place, neighbour.host.address), f"{neighbour.name} does not answer its ping")
