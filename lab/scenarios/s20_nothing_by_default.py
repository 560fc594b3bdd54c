"""Signing in opens what was granted, not the network: every server that is not granted stays silent."""

from __future__ import annotations

from lab.scenarios.vocabulary import Campus

PERSONAS = {
    "data-science": ("curated-datasets", "eu-archive", "tracking", "notebooks", "print-server", "internet"),
    "business": ("front-ends", "print-server", "internet"),
}


def play(campus: Campus) -> None:
    for group, reached in PERSONAS.items():
        laptop = campus.laptop(group)
        campus.takes_over()
        laptop.plugs_into("ber-1").signs_in().reaches_only(*reached)
    nobody = campus.laptop()
    campus.takes_over()
    nobody.plugs_into("ber-1").is_refused("policy_default_deny")
