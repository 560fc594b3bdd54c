"""A change of a live session is a job with a state, told from the decision to what the switch said of it."""

from __future__ import annotations

from lab.scenarios.vocabulary import Campus


def play(campus: Campus) -> None:
    laptop = campus.laptop("devops")
    campus.takes_over()
    laptop.plugs_into("ber-1").signs_in().reaches("deployment")
    laptop.tag("suspect")
    laptop.loses("deployment").has_change("confirmed").reaches("observability")
    codes = [rung.text.partition(" ")[0] for rung in laptop.packets()]
    campus.must({"CoA-Request", "CoA-ACK"} <= set(codes), "a CoA-Request and its ACK are on the wire")
    campus.must("change" in campus.admin("session", "jobs", "--mac", laptop.mac), "nac session jobs tells of it")
