"""Three makes of switch are told in three languages, and the same requests pass at each of them."""

from __future__ import annotations

from lab.scenarios.vocabulary import Campus

GRANTED = ("training-cluster", "dev-cluster", "deployment", "observability", "print-server", "internet")


def play(campus: Campus) -> None:
    laptop = campus.laptop("devops")
    campus.takes_over()
    for switch in ("ber-1", "ber-2", "bos-1"):
        laptop.plugs_into(switch).signs_in().reaches_only(*GRANTED)
        laptop.reaches_what_was_granted()
