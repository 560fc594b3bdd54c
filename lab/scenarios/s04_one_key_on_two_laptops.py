"""A copy of a laptop's key is seen from a second place: both machines lose everything until it is cleared up.

Their reports prove it when the copy carries an agent, too; when it keeps silent, it is enough that both sign in.
"""

from __future__ import annotations

from lab.scenarios.vocabulary import Campus


def play(campus: Campus) -> None:
    talks, keeps_silent = campus.workstation("ml-engineering"), campus.workstation("business")
    campus.takes_over()

    copy = campus.copy_of(talks)
    talks.plugs_into("ber-1").signs_in().agent_starts().comes_to_reach("training-cluster")
    copy.plugs_into("bos-1").signs_in().reaches("training-cluster").agent_starts()
    evidence = copy.is_found("shared_identity")
    campus.must("run at once" in evidence, f"two boots are the evidence: {evidence}")
    for machine in (talks, copy):
        machine.loses("training-cluster", "internet").comes_into("quarantine", vlan=99).reaches_only()
    copy.leaves()
    campus.admin("posture", "clear", talks.name, "shared_identity")
    talks.comes_to_reach("training-cluster")

    copy = campus.copy_of(keeps_silent)
    keeps_silent.plugs_into("ber-1").signs_in().agent_starts().comes_to_reach("front-ends")
    copy.plugs_into("bos-1").signs_in().reaches("front-ends")
    for machine in (keeps_silent, copy, keeps_silent):
        machine.is_asked_again()
    evidence = copy.is_found("shared_identity")
    campus.must("ber-1" in evidence and "bos-1" in evidence, f"two ports are the evidence: {evidence}")
    for machine in (keeps_silent, copy):
        machine.loses("front-ends", "internet").reaches_only()
