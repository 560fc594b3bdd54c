"""Why somebody was refused is one question to the running server: the check that failed, the evidence, the way out."""

from __future__ import annotations

from lab.scenarios.vocabulary import Campus


def play(campus: Campus) -> None:
    laptop = campus.laptop("business")
    campus.admin("user", "disable", laptop.identity)
    campus.takes_over()
    laptop.plugs_into("ber-2").is_refused("user_disabled")
    laptop.why_says("FAIL", "user_disabled", "nac user enable")
    campus.must(len(laptop.why().splitlines()) <= 10, "in at most ten lines")
