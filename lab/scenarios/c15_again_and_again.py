"""A device that is asked again and again stays in, and each time costs less than the first."""

from __future__ import annotations

from lab.scenarios.vocabulary import Campus


def play(campus: Campus) -> None:
    laptop = campus.laptop("devops")
    campus.takes_over()
    laptop.plugs_into("bos-1").signs_in()
    for _ in range(8):
        laptop.is_asked_again()
        campus.must(laptop.event["tls"]["resumed"], "resumed")
    laptop.reaches("deployment")
