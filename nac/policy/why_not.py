"""Why a session does not reach a resource: the smallest change of its facts that would open it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from nac.policy.model import Policy, Value
from nac.policy.reference import decide
from nac.policy.sessions import Sessions
from nac.policy.solve import Change, Space

_COSTS: Final[Mapping[str, int]] = {
    # what the user or the device does by itself
    "posture.status": 1,
    "posture.freshness": 1,
    "posture.age": 1,
    "posture.score": 2,
    "posture.passed": 2,
    "posture.failed": 2,
    "tls.resumed": 2,
    "time": 3,
    "risk.score": 4,
    "connection": 5,
    "ssid": 5,
    "client.name": 6,
    "client.site": 5,
    "client.region": 5,
    "nas.identifier": 6,
    "nas.port": 6,
    "previous.segment": 6,
    # what an administrator does
    "user.groups": 8,
    "device.tags": 8,
    "user.access_ended": 9,
    "user.known": 10,
    "user.disabled": 10,
    "device.disabled": 10,
    "device.known": 10,
    "device.ownership": 2,  # follows from how the device is managed and whose it is
    "device.managed": 12,
    "certificate.days_left": 9,
    "tls.version": 12,
    "device.kind": 14,
    "device.owner": 16,
    # a new certificate, another way in
    "certificate.key_attested": 18,
    "certificate.key": 20,
    "certificate.eku": 24,
    "certificate.policy": 24,
    "method": 30,
}
"""What a change of each fact costs. What is not named says who it is: nobody is told to become someone else."""


@dataclass(frozen=True, slots=True)
class WhyNot:
    """`reached`: it does reach it. Else `changes`: the cheapest that open it; None when none that can be made does."""

    reached: bool
    changes: tuple[Change, ...] | None


def why_not(policy: Policy, facts: Mapping[str, Value], resource: str) -> WhyNot:
    """What keeps a session with these facts from the resource. Raises `nac.policy.solve.UndecidedError`."""
    space = Space([policy])
    sessions = Sessions(space, policy)
    granted = decide(policy, facts).grants
    if any(way.granted in granted for way in sessions.ways(resource)):
        return WhyNot(reached=True, changes=())
    changes = space.cheapest(sessions.reaches(resource), facts, lambda fact, _member: _COSTS.get(fact))
    return WhyNot(reached=False, changes=None if changes is None else tuple(changes))
