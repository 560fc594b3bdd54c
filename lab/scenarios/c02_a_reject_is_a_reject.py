"""What the record says is what was on the wire: a refusal is an Access-Reject in both."""

from __future__ import annotations

from lab.scenarios.vocabulary import Campus

ACCEPT, REJECT = 2, 3


def play(campus: Campus) -> None:
    laptop = campus.laptop("devops")
    campus.admin("device", "disable", laptop.name)
    campus.takes_over()
    laptop.plugs_into("ber-1").is_refused("device_disabled")
    codes = [rung.code for rung in laptop.packets()]
    campus.must(codes.count(REJECT) == 1 and ACCEPT not in codes, "one Access-Reject on the wire, and no Access-Accept")
    campus.must(laptop.event["result"] == "reject", "the record says reject")
