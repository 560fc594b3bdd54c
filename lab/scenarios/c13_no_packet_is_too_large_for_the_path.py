"""Where the path eats large packets, a switch's fragments are made small, and a long handshake still gets through."""

from __future__ import annotations

from lab.scenarios.vocabulary import Campus

MOST = 700
"""Octets of RADIUS: 500 of EAP, as the client `ber-2` is set, and what is around them."""


def play(campus: Campus) -> None:
    laptop = campus.laptop("devops", key="rsa4096")
    campus.takes_over()
    laptop.plugs_into("ber-2").signs_in().reaches("deployment")
    sizes = [len(rung.octets) for rung in laptop.packets() if rung.text.startswith("Access-Challenge")]
    campus.must(max(sizes) <= MOST, f"{len(sizes)} challenges, none above {max(sizes)} octets")
