"""Berlin and Boston serve the same policy: the same generation, the same digest, the same decision."""

from __future__ import annotations

from lab.scenarios.vocabulary import Campus


def play(campus: Campus) -> None:
    laptop = campus.laptop("devops")
    campus.takes_over()
    stamps = []
    for switch in ("ber-1", "bos-1"):
        laptop.plugs_into(switch).signs_in().is_in("operations", vlan=122)
        laptop.reaches("training-cluster", "deployment").cannot_reach("model-registry")
        stamps.append((laptop.event["decision"]["generation"], laptop.event["decision"]["grants"]))
    campus.must(stamps[0] == stamps[1], "generation and grants are the same at both sites")
