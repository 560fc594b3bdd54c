"""What always holds between the facts of one packet, whoever asks: the table that keeps proofs from inventing people.

Each line follows from how the data plane gathers facts (`dataplane/server/src/pipeline/authorize.rs` and
`dataplane/policy/src/device.rs`). A line that is missing makes a proof stricter than it had to be; a line that is
wrong would make it a lie, so each one gives its reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

from nac.policy.model import Policy
from nac.policy.patterns import Shape


class Presence(Enum):
    """Whether a fact is known, whatever its value."""

    KNOWN = "known"
    ABSENT = "absent"


Said = tuple[str, str | bool | Presence]
"""A fact, and what is said of it."""


@dataclass(frozen=True, slots=True)
class Relation:
    """When all of `when` holds, each of `then` does."""

    reason: str
    when: tuple[Said, ...]
    then: tuple[Said, ...]


ALWAYS_KNOWN: Final = frozenset(
    {
        "method",
        "client.name",
        "user.known",
        "user.disabled",
        "user.access_ended",
        "device.known",
        "device.managed",
        "device.ownership",
        "device.disabled",
        "device.shared_identity",
        "time",
    }
)
"""Facts that every packet has: the flags are false without a record."""

VALUES: Final[dict[str, tuple[str, ...]]] = {
    "method": ("eap-tls", "mab"),
    "connection": ("wired", "wireless"),
    "tls.version": ("1.2", "1.3"),
    "device.ownership": ("managed", "byod", "unknown"),
    "posture.freshness": ("fresh", "ageing", "stale", "unknown"),
}
"""Facts of text that can be nothing else."""

BOUNDS: Final[dict[str, tuple[int | None, int | None]]] = {
    "certificate.days_left": (0, None),  # one that has run out does not get past the handshake
    "posture.age": (0, None),
    "posture.score": (0, 100),
    "risk.score": (0, 100),
}
"""The least and the most that a fact can be."""

_HEX: Final = "0123456789abcdef"
MAC_SHAPE: Final = Shape(tuple("-" if position % 3 == 2 else _HEX for position in range(17)))
"""A MAC address as the fact shows it (RFC 3580 3.21), in lower case."""

_CERTIFICATE: Final = (
    "certificate.subject",
    "certificate.issuer",
    "certificate.serial",
    "certificate.fingerprint",
    "certificate.key",
    "certificate.days_left",
    "certificate.dns",
    "certificate.email",
    "certificate.upn",
    "certificate.uri",
    "certificate.eku",
    "certificate.policy",
)
"""What every verified certificate says."""

_RECORDED: Final = (
    "device.kind",
    "device.owner",
    "device.tags",
    "posture.status",
    "posture.freshness",
    "posture.age",
    "posture.score",
    "posture.passed",
    "posture.failed",
)
"""What is known of a device only from its record."""


def _all(names: tuple[str, ...], presence: Presence) -> tuple[Said, ...]:
    return tuple((name, presence) for name in names)


RELATIONS: Final = (
    Relation(
        "a device without a record is not managed, and nothing else is known of it",
        (("device.known", False),),
        (
            ("device.managed", False),
            ("device.disabled", False),
            ("device.shared_identity", False),
            *_all(_RECORDED, Presence.ABSENT),
        ),
    ),
    Relation(
        "a record of a device has its name, its tags, and a posture that is `unknown` when nothing was reported",
        (("device.known", True),),
        _all(("device.name", "device.tags", "posture.status", "posture.freshness"), Presence.KNOWN),
    ),
    Relation(
        "a report that has no age any more, or never came, says nothing",
        (("posture.freshness", "unknown"),),
        (("posture.status", "unknown"),),
    ),
    Relation(
        "the organisation owns what it manages",
        (("device.managed", True),),
        (("device.ownership", "managed"),),
    ),
    Relation(
        "a device that is not managed and has an owner is the owner's own",
        (("device.managed", False), ("device.owner", Presence.KNOWN)),
        (("device.ownership", "byod"),),
    ),
    Relation(
        "nothing is known of the ownership of any other device",
        (("device.managed", False), ("device.owner", Presence.ABSENT)),
        (("device.ownership", "unknown"),),
    ),
    Relation(
        "a user without a record has no groups",
        (("user.known", False),),
        (("user.groups", Presence.ABSENT), ("user.disabled", False), ("user.access_ended", False)),
    ),
    Relation(
        "a record of a user has the name and the groups",
        (("user.known", True),),
        _all(("user.name", "user.groups"), Presence.KNOWN),
    ),
    Relation(
        "a MAC address names no user and shows no certificate",
        (("method", "mab"),),
        (
            ("mac", Presence.KNOWN),
            ("user.known", False),
            *_all(("user.name", *_CERTIFICATE, "certificate.common_name"), Presence.ABSENT),
            *_all(("certificate.key_attested", "tls.version", "tls.resumed"), Presence.ABSENT),
        ),
    ),
    Relation(
        "a MAC address names a device only when one is on record",
        (("method", "mab"), ("device.known", False)),
        (("device.name", Presence.ABSENT),),
    ),
    Relation(
        "EAP-TLS ends with a verified certificate",
        (("method", "eap-tls"),),
        (*_all(_CERTIFICATE, Presence.KNOWN), ("tls.resumed", Presence.KNOWN)),
    ),
)
"""Between any two facts of one packet. `mac.oui` is the head of `mac` (`nac.policy.solve`)."""

DISJOINT: Final = (("posture.passed", "posture.failed"),)
"""Sets of which no member is in both: a check passes or fails."""


def of_sites(policy: Policy) -> tuple[Relation, ...]:
    """The region that goes with each site that the policy declares."""
    return tuple(
        Relation(
            "a site lies in one region",
            (("client.site", site.name.text),),
            (("client.region", site.region.text if site.region else Presence.ABSENT),),
        )
        for site in policy.sites
    )
