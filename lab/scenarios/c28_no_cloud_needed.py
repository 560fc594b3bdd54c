"""With the way to the internet cut, the campus authenticates as ever."""

from __future__ import annotations

from lab.scenarios.vocabulary import Campus


def play(campus: Campus) -> None:
    laptop = campus.laptop("devops")
    campus.takes_over()
    with campus.internet_is_cut():
        laptop.plugs_into("bos-1").signs_in().reaches("deployment").cannot_reach("internet")
    laptop.reaches("internet")
