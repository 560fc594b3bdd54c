"""A contractor comes in until the day that was agreed, and not after it."""

from __future__ import annotations

from lab.scenarios.vocabulary import Campus


def play(campus: Campus) -> None:
    contractor = campus.laptop("business")
    campus.takes_over()
    contractor.plugs_into("ber-2").signs_in().reaches("front-ends")
    campus.admin("user", "disable", contractor.identity)
    campus.takes_over()
    contractor.is_refused("user_disabled")
