"""A personal laptop gets the internet and nothing else, whoever owns it."""

from __future__ import annotations

from lab.scenarios.vocabulary import Campus


def play(campus: Campus) -> None:
    laptop = campus.laptop("ml-engineering", managed=False, posture=None)
    campus.takes_over()
    laptop.plugs_into("ber-1").signs_in()
    laptop.is_in("internet-only", vlan=90).reaches_only("internet")
    laptop.why_says("internet-only", "opens dns, internet")
    blocked = campus.nac("policy", "why-not", "model-registry", "--device", laptop.name)
    campus.must("device.managed" in blocked, f"nac policy why-not model-registry: {blocked.strip()}")
