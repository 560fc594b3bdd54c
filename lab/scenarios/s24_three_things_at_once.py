"""Managed, healthy and in the right role: only who is all three reaches the production models."""

from __future__ import annotations

from itertools import product

from lab.scenarios.vocabulary import Campus


def play(campus: Campus) -> None:
    for managed, healthy, in_role in product((True, False), repeat=3):
        group = "ml-engineering" if in_role else "business"
        laptop = campus.laptop(group, managed=managed, posture="healthy" if healthy else "unhealthy")
        campus.takes_over()
        laptop.plugs_into("ber-1").signs_in()
        if managed and healthy and in_role:
            laptop.reaches("model-registry")
        else:
            laptop.cannot_reach("model-registry")
        laptop.leaves()
