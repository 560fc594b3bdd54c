"""A field of the certificate is a condition like any other: one line of policy, no code."""

from __future__ import annotations

from lab.scenarios.vocabulary import Campus


def play(campus: Campus) -> None:
    with campus.policy(
        """
        segment robots { vlan 160 }
        place in robots     when certificate.uri has "spiffe://corp.example/robot"
        allow observability when certificate.uri has "spiffe://corp.example/robot"
        """
    ):
        robot = campus.machine("robot", uri="spiffe://corp.example/robot")
        campus.takes_over()
        robot.plugs_into("ber-1").signs_in().is_in("robots", vlan=160).reaches_only("observability")
