"""Somebody switches a laptop's firewall off: its agent says so, and the live port loses the GPU host until it is on.

Nobody signs in again: the agent reports, nac decides anew, the switch is told, and HTTP to the GPU host stops.
"""

from __future__ import annotations

from lab.scenarios.vocabulary import Campus


def play(campus: Campus) -> None:
    laptop = campus.workstation("ml-engineering")
    campus.takes_over()
    laptop.plugs_into("ber-1").signs_in().agent_starts()
    laptop.comes_to_reach("training-cluster", "model-registry").comes_to_be("healthy", freshness="fresh")
    laptop.firewall_goes_down()
    laptop.loses("training-cluster", "model-registry").comes_to_be("unhealthy", failing="firewall")
    laptop.comes_into("remediation", vlan=66).reaches_only("internet").page_says("The firewall is off.")
    laptop.firewall_goes_up()
    laptop.comes_to_reach("training-cluster", "model-registry").comes_into("ml-engineering", vlan=120)
    laptop.page_says("is healthy", "Nothing needs to be done.").has_packets(CoA_ACK=3, Access_Accept=1)
    changes = campus.nac.json("posture", "history", laptop.name)
    campus.must([one["status"] for one in changes] == ["healthy", "unhealthy", "healthy"], "nac keeps the three")
