"""Small random policies, and every session that a small network can bring: gathered as the data plane does."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from itertools import product
from pathlib import Path
from random import Random

from click.testing import Result

import nac.policy
from nac.policy.model import Policy, Value
from nac.policy.parse import parse
from nac.policy.resolve import resolve
from nac.policy.source import Source

ESTATE = Path(nac.policy.__path__[0]) / "examples/ai-estate.policy"

Nac = Callable[..., Result]
"""The fixture that runs the command line."""

GROUPS = ("a", "b")
SSIDS = ("", "a", "corp", "corp-b", "x-corp", "guest")
DAYS = (1, 3, 7, 90)
STATUSES = ("healthy", "failed", "unknown")
OWNERS: tuple[dict[str, Value], ...] = ({}, {"device.owner": "o"})

_CERTIFICATE: dict[str, Value] = {
    "certificate.subject": "CN=alice",
    "certificate.issuer": "CN=ca",
    "certificate.serial": "01",
    "certificate.fingerprint": "00",
    "certificate.key": "ec-p256",
    "certificate.dns": (),
    "certificate.email": (),
    "certificate.upn": (),
    "certificate.eku": (),
    "certificate.policy": (),
    "tls.resumed": False,
}


def policy_of(text: str) -> Policy:
    """The resolved policy of a text without mistakes."""
    written, problems = parse([Source("p.policy", text)])
    assert problems == []
    policy, problems = resolve(written)
    assert problems == []
    return policy


def sessions() -> Iterator[dict[str, Value]]:
    """Every combination of method, user, device, posture, wireless network and days left."""
    users: list[dict[str, Value]] = [{"user.known": False}]
    users += [{"user.known": True, "user.name": "u", "user.groups": groups} for groups in ((), ("a",), ("b",), GROUPS)]
    devices: list[dict[str, Value]] = [{"device.known": False, "device.managed": False, "device.ownership": "unknown"}]
    devices += [
        {
            "device.known": True,
            "device.managed": managed,
            "device.ownership": "managed" if managed else "byod" if owner else "unknown",
            "device.name": "d",
            "device.tags": (),
            "posture.status": status,
            **owner,
        }
        for managed, owner, status in product((False, True), OWNERS, STATUSES)
    ]
    networks: list[dict[str, Value]] = [{}, *({"ssid": ssid} for ssid in SSIDS)]
    common: dict[str, Value] = {"user.disabled": False, "device.disabled": False, "client.name": "s", "time": 0}
    for device, network in product(devices, networks):
        mab: dict[str, Value] = {
            "method": "mab",
            "user.known": False,
            "mac": "00-00-00-00-00-01",
            "mac.oui": "00-00-00",
        }
        yield {**common, **mab, **device, **network}
        for user, days, uri in product(users, DAYS, ((), ("spiffe://p",))):
            certificate = {**_CERTIFICATE, "certificate.days_left": days, "certificate.uri": uri}
            yield {**common, "method": "eap-tls", **certificate, **user, **device, **network}


WORLD = list(sessions())


def told_apart(asked: Collection[str]) -> list[dict[str, Value]]:
    """One session for each combination of the facts in `asked`."""
    return list({tuple((name, facts.get(name)) for name in asked): facts for facts in WORLD}.values())


class Writer:
    """Writes random policies about those facts."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._personas: list[str] = []

    def policy(self) -> str:
        lines = ["resource r0 { address 10.0.0.1 port tcp 443 }", "resource r1 { address 10.0.0.0/30 }"]
        lines += ["resource r2 { address 10.0.0.1 port tcp 22 }", "resource world { kind internet }"]
        lines += ["segment s0 { vlan 1 environment dev }", "segment s1 { vlan 2 environment prod }"]
        for number in range(self._random.randrange(1, 3)):
            lines.append(f"persona p{number} when {self.condition(2)}")
            self._personas.append(f"p{number}")
        lines += [self._rule() for _ in range(self._random.randrange(2, 9))]
        return "\n".join(lines)

    def _rule(self) -> str:
        names = ", ".join(self._random.sample(("r0", "r1", "r2", "world"), self._random.randrange(1, 3)))
        effects = ("place in s0", "place in s1", "reject", f"allow {names}", f"allow {names}", f"forbid {names}")
        monitor = " mode monitor" if self._random.random() < 0.1 else ""
        return f"{self._random.choice(effects)} when {self.condition(2)}{monitor}"

    def condition(self, depth: int) -> str:
        kind = self._random.random()
        if depth == 0 or kind < 0.35:
            return self._comparison()
        if kind < 0.45 and self._personas:
            return f"persona {self._random.choice(self._personas)}"
        if kind < 0.6:
            return f"not ({self.condition(depth - 1)})"
        word = self._random.choice((" and ", " or "))
        return "(" + word.join(self.condition(depth - 1) for _ in range(2)) + ")"

    def _comparison(self) -> str:
        return self._random.choice(
            (
                'method = "mab"',
                'user.groups has "a"',
                'user.groups has "B"',
                'certificate.uri has "spiffe://p"',
                "user.known",
                "device.managed",
                'device.ownership = "unknown"',
                'posture.status = "healthy"',
                'posture.status in ("healthy", "unknown")',
                'ssid = "corp"',
                'ssid matches "corp*"',
                'ssid matches "*corp*"',
                "certificate.days_left < 7",
                "certificate.days_left > 1",
                "certificate.days_left = 90",
            )
        )
