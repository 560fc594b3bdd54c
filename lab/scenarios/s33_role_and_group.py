"""What somebody reaches follows the groups of the directory: another group, another set of servers."""

from __future__ import annotations

from lab.scenarios.vocabulary import Campus


def play(campus: Campus) -> None:
    laptop = campus.laptop("business")
    campus.takes_over()
    laptop.plugs_into("ber-1").signs_in().reaches("front-ends").cannot_reach("curated-datasets")
    campus.admin("user", "group", laptop.identity, "data-science", "--remove", "business")
    campus.takes_over()
    laptop.signs_in().is_in("data-science", vlan=121)
    laptop.reaches("curated-datasets").cannot_reach("front-ends")
