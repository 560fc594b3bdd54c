"""The agent is killed. What is known of the laptop ages, and each step takes something: models, cluster, everything.

Nobody asks it anything: the data plane knows when a report stops being fresh, ageing and known.
"""

from __future__ import annotations

from lab.scenarios.vocabulary import Campus

SHORT = """
posture short-lived {
    applies when device.tags has "short-lived"
    require firewall
    fresh 6s  stale 14s  unknown 22s
}
"""


def play(campus: Campus) -> None:
    with campus.policy(SHORT):
        laptop = campus.workstation("ml-engineering", tags=["short-lived"])
        campus.takes_over()
        laptop.plugs_into("ber-1").signs_in().agent_starts()
        laptop.comes_to_reach("model-registry", "training-cluster").agent_is_killed()
        laptop.loses("model-registry").comes_to_be("healthy", freshness="ageing").reaches("training-cluster")
        laptop.loses("training-cluster").comes_to_be("healthy", freshness="stale").reaches("tracking")
        laptop.loses("tracking").comes_to_be("unknown").comes_into("pending", vlan=65).reaches_only()
        laptop.page_says("This device has not reported").has_packets(CoA_ACK=4, Access_Accept=1)
        laptop.agent_starts().comes_to_reach("model-registry", "training-cluster")
