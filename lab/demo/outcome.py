"""What happened in a scene, and where it is not what must happen."""

from __future__ import annotations

from dataclasses import dataclass

from lab.demo.access_list import Opened
from lab.demo.scenes import Accepted, Refused
from lab.demo.server import Json
from lab.demo.switch import Answer


@dataclass(frozen=True)
class Outcome:
    """`answer` and `opened` come from the wire, `event` from the record; `accepted` is the device's own view."""

    accepted: bool
    answer: Answer
    opened: list[Opened]
    event: Json

    @property
    def vlan(self) -> str | None:
        """Tunnel-Private-Group-Id (RFC 3580 3.31)."""
        return self.answer.first("Tunnel-Private-Group-Id")

    @property
    def reaches(self) -> frozenset[str]:
        """Names of the resources that the access list opens."""
        return frozenset(entry.resource for entry in self.opened)


def faults(outcome: Outcome, expected: Accepted | Refused) -> list[str]:
    """What is wrong, in words; empty when all is well."""
    is_accept = isinstance(expected, Accepted)
    found = []
    wanted = "Access-Accept" if is_accept else "Access-Reject"
    if outcome.answer.code != wanted:
        found.append(f"the answer is {outcome.answer.code}, not {wanted}")
    if outcome.accepted != is_accept:
        found.append("the device holds itself for " + ("accepted" if outcome.accepted else "refused"))
    if isinstance(expected, Accepted):
        found += _access_faults(outcome, expected)
    elif outcome.event["cause"] != expected.cause:
        found.append(f"the cause is {outcome.event['cause']}, not {expected.cause}")
    return found


def _access_faults(outcome: Outcome, expected: Accepted) -> list[str]:
    found = []
    if outcome.vlan != expected.vlan:
        found.append(f"the VLAN is {outcome.vlan}, not {expected.vlan}")
    if missing := expected.opens - outcome.reaches:
        found.append(f"not reachable: {', '.join(sorted(missing))}")
    closed = outcome.reaches - expected.opens if expected.only else outcome.reaches & expected.closed
    if closed:
        found.append(f"reachable, and must not be: {', '.join(sorted(closed))}")
    decision = outcome.event["decision"] or {"grants": []}
    if outcome.reaches != frozenset(decision["grants"]):
        found.append(f"the record says {', '.join(decision['grants'])}, the wire {', '.join(sorted(outcome.reaches))}")
    return found
