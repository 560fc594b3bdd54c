"""A machine for development never reaches production, and a policy that would let it is not taken over."""

from __future__ import annotations

from lab.scenarios.vocabulary import Campus


def play(campus: Campus) -> None:
    laptop = campus.laptop("ml-engineering", tags=["development"])
    campus.takes_over()
    laptop.plugs_into("ber-1").signs_in().is_in("development", vlan=123)
    laptop.reaches("dev-cluster", "notebooks").cannot_reach("training-cluster", "model-registry", "pipelines")

    def opens_production() -> None:
        with campus.policy(
            """
            resource back-door { kind gpu-cluster  address 10.20.0.10  port tcp 22  environment prod }
            segment lab { vlan 150  environment dev }
            place in lab when method = "eap-tls" and device.tags has "visitor"
            allow back-door when device.tags has "visitor"
            """
        ):
            pass

    campus.is_refused(opens_production, saying="this invariant does not hold")
    laptop.signs_in().cannot_reach("training-cluster")
