"""A notebook server without a token, open to everybody, costs its laptop the GPU host until it is closed."""

from __future__ import annotations

from lab.scenarios.vocabulary import Campus


def play(campus: Campus) -> None:
    laptop = campus.workstation("ml-engineering")
    campus.takes_over()
    laptop.plugs_into("ber-1").signs_in().agent_starts().comes_to_reach("training-cluster")
    laptop.notebook_opens().loses("training-cluster").comes_to_be("unhealthy", failing="rogue_notebook")
    evidence = laptop.is_found("shadow_ai")
    campus.must("0.0.0.0:8888" in evidence and "without token" in evidence, f"a finding tells of it: {evidence}")
    laptop.comes_into("remediation", vlan=66)
    laptop.page_says("A notebook server is open to the network.", "require a token, or stop it")
    laptop.notebook_closes().comes_to_reach("training-cluster").comes_to_be("healthy").is_cleared("shadow_ai")
