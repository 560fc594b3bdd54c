"""One login is one record, however many packets it took, with the session that accounting speaks of."""

from __future__ import annotations

from lab.scenarios.vocabulary import Campus


def play(campus: Campus) -> None:
    laptop = campus.laptop("devops")
    campus.takes_over()
    laptop.plugs_into("ber-1").signs_in()
    requests = [rung for rung in laptop.packets() if rung.text.startswith("Access-Request")]
    campus.must(len(requests) > 3, f"{len(requests)} Access-Requests on the wire")
    campus.must(len(campus.nac.json("auth", "list", "--mac", laptop.mac)) == 1, "one record of them")
