"""A device of which nothing is known yet reaches the posture service and nothing else; its first report lets it in."""

from __future__ import annotations

from lab.scenarios.vocabulary import Campus


def play(campus: Campus) -> None:
    laptop = campus.workstation("data-science")
    campus.takes_over()
    laptop.plugs_into("ber-1").signs_in().is_in("pending", vlan=65).reaches_only()
    campus.must(laptop.event["decision"]["grants"] == ["health"], "the posture service is all that was granted")
    laptop.page_says("This device has not reported")
    laptop.agent_starts().comes_to_be("healthy").comes_to_reach("curated-datasets")
    laptop.comes_into("data-science", vlan=121)
