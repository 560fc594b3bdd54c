"""Every line of an access list is in force, in whatever words the switch was told."""

from __future__ import annotations

from lab.scenarios.vocabulary import Campus


def play(campus: Campus) -> None:
    laptop = campus.laptop("ml-engineering")
    campus.takes_over()
    for switch in ("ber-1", "ber-2", "bos-1"):
        laptop.plugs_into(switch).signs_in()
        laptop.reaches("training-cluster", "dev-cluster", "model-registry", "pipelines", "tracking", "internet")
        lines = laptop.host.seen()["list"].count("counter")
        campus.must(lines >= 20, f"{lines} lines are in force at {switch}")
