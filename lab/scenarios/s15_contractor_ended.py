"""A contractor comes in until the access is ended; the live session ends with it, and no other begins."""

from __future__ import annotations

from lab.scenarios.vocabulary import Campus


def play(campus: Campus) -> None:
    contractor = campus.laptop("business")
    campus.takes_over()
    contractor.plugs_into("ber-2").signs_in().reaches("front-ends")
    campus.admin("user", "disable", contractor.identity)
    contractor.loses("front-ends").is_out()
    contractor.is_refused("user_disabled")
