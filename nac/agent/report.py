"""An observation as the claims of an entity attestation token (RFC 9711)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Final

import msgspec

from nac.agent.boot import Boot
from nac.agent.finding import Finding, tame
from nac.agent.jws import base64url
from nac.agent.missed import Missed
from nac.agent.observation import Observation
from nac.agent.platforms import Platform

AUDIENCE: Final = "nac-posture"
AGENT: Final = "nac-agent"
MOST_SERVICES: Final = 48


@dataclass(frozen=True)
class Author:
    """Who writes the report: the device's name, the agent's version and the SHA-256 of its files in hex."""

    subject: str
    version: str
    platform: Platform
    digest: str


@dataclass(frozen=True)
class Freshness:
    """What makes a report this one and no other. `jti`: 16 random octets; `now` in Unix seconds."""

    counter: int
    nonce: str
    jti: bytes
    now: float


def claims(
    observation: Observation, boot: Boot, author: Author, freshness: Freshness, missed: Sequence[Missed] = ()
) -> dict[str, object]:
    """The claims of one report, below 48 KiB of JSON whatever the device holds.

    `missed`: what was found while the server could not be told. It is told as history: the checks are those of now.
    """
    total: dict[str, object] = {
        "iss": f"{AGENT}/{author.version}",
        "sub": author.subject,
        "aud": AUDIENCE,
        "iat": int(freshness.now),
        "jti": base64url(freshness.jti),
        "eat_nonce": freshness.nonce,
        "ueid": base64url(boot.ueid),
        "uptime": boot.uptime_s,
        "swname": AGENT,
        "swversion": author.version,
    }
    secure_boot = observation.findings["secure_boot"].result
    if secure_boot != "unknown":
        total["oemboot"] = secure_boot == "pass"
    private: dict[str, object] = {
        "counter": freshness.counter,
        "boot_id": boot.boot_id,
        "platform": author.platform,
        "os": {"id": tame(boot.os.identifier), "version": tame(boot.os.version), "kernel": tame(boot.kernel)},
        "checks": [_check(name, finding) for name, finding in observation.findings.items()],
        "listeners": [asdict(service) for service in observation.services[:MOST_SERVICES]],
        "agent": {"digest": author.digest},
    }
    if missed:
        private["missed"] = [msgspec.to_builtins(one) for one in missed]
    return {**total, "nac": private}


def _check(name: str, finding: Finding) -> dict[str, object]:
    return {"name": name, "result": finding.result, "value": finding.value, "detail": finding.detail}
