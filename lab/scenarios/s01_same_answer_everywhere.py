"""The answer hangs on who comes with what, not on where the cable is.

One laptop signs in at two switches of different makes: the same segment, the same VLAN, the same servers.
"""

from __future__ import annotations

from lab.scenarios.vocabulary import Campus


def play(campus: Campus) -> None:
    laptop = campus.laptop("ml-engineering")
    campus.takes_over()
    decisions = []
    for switch in ("ber-1", "ber-2"):
        laptop.plugs_into(switch).signs_in()
        laptop.is_in("ml-engineering", vlan=120).reaches_what_was_granted()
        decisions.append({key: laptop.event["decision"][key] for key in ("segment", "rule", "grants")})
    campus.must(decisions[0] == decisions[1], "both decisions are the same")
