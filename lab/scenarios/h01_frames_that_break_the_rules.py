"""A box at a port sends frames that break IEEE 802.1X and EAP: the port stays closed, and works for the honest."""

from __future__ import annotations

from lab.hostile import frames
from lab.scenarios.vocabulary import Campus

BOX = "02:00:5e:99:99:98"


def play(campus: Campus) -> None:
    laptop = campus.laptop("devops")
    campus.takes_over()
    laptop.plugs_into("ber-1")
    broken = frames.breaking_the_rules(BOX)
    for _ in range(3):
        frames.send(laptop.host.place, broken)
    laptop.reaches_only()
    campus.must(laptop.host.seen()["session"] is None, f"{len(broken)} kinds of frames open nothing")
    laptop.signs_in().reaches("deployment")
