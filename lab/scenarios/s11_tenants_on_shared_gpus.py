"""Two tenants' GPU hosts sign in by themselves; nothing passes from one to the other."""

from __future__ import annotations

from lab.scenarios.vocabulary import Campus


def play(campus: Campus) -> None:
    a, b = campus.machine("server", "tenant-a"), campus.machine("server", "tenant-b")
    both = campus.machine("server", "tenant-a", "tenant-b")
    campus.takes_over()
    a.plugs_into("ber-1").signs_in().is_in("tenant-a", vlan=201).reaches_only("tenant-a-gpu")
    b.plugs_into("ber-1").signs_in().is_in("tenant-b", vlan=202).reaches_only("tenant-b-gpu")
    both.plugs_into("ber-1").is_refused("policy_default_deny")
