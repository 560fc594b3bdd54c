"""Two people share a machine: each signs in with a certificate of her own and gets what her own role needs."""

from __future__ import annotations

from lab.scenarios.vocabulary import Campus


def play(campus: Campus) -> None:
    machine = campus.laptop("ml-engineering")
    colleague = campus.person("business")
    campus.takes_over()
    machine.plugs_into("ber-1").signs_in().is_in("ml-engineering", vlan=120)
    machine.reaches("training-cluster").cannot_reach("front-ends").why_says(machine.identity, "ml-engineering")
    machine.is_taken_by(colleague).signs_in().is_in("office", vlan=110)
    machine.reaches("front-ends").cannot_reach("training-cluster").why_says(colleague, "office")
    first, second = campus.nac.json("auth", "list", "--mac", machine.mac)
    campus.must(first["identity_device"] == second["identity_device"], "nac knows it for the same machine both times")
    campus.must(first["decision"]["rule"] != second["decision"]["rule"], "and two statements of the policy decided")
