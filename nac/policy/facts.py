"""The facts that a policy may name. Their one list lives in the data plane; here they get what the checker needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Final, Literal

from nac.policy.model import Value

TIME: Final = "time"
"""The fact that schedules ask for: Unix seconds."""

LATEST: Final = 253_370_764_800
"""Unix seconds: the last year of the calendar, so that every zone still has a date for what is before."""

FactKind = Literal["text", "boolean", "integer", "set"]


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact. `identity`: it says who someone is. `source` and `example` are for people."""

    name: str
    kind: FactKind
    source: str
    example: str
    identity: bool


@cache
def catalogue() -> Mapping[str, Fact]:
    """Every fact by its name, in the order in which they are shown."""
    from nac import _dataplane

    return {
        fact.name: Fact(fact.name, fact.kind, fact.source, fact.example, fact.identity)
        for fact in _dataplane.fact_catalogue()
    }


def fits(value: Value, kind: FactKind) -> bool:
    """Whether `value` is of that kind."""
    match kind:
        case "boolean":
            return isinstance(value, bool)
        case "integer":
            return isinstance(value, int) and not isinstance(value, bool)
        case "set":
            return isinstance(value, tuple)
        case "text":
            return isinstance(value, str)


def as_on_a_packet(given: Mapping[str, Value]) -> dict[str, Value]:
    """`given`, and what is known of every packet besides, as the data plane sets it.

    A device or user of which nothing but a name is said is not on record: not known, not managed, not disabled, and
    all else unknown. A device on record has no tags and the posture `unknown` unless something else is said; a
    posture of which no age is said is fresh. The time is only known when it is said.
    """
    said = {name for name, value in given.items() if name.startswith("device.") and value not in (False, "unknown")}
    on_record = bool(said - {"device.name"})
    managed = given.get("device.managed", given.get("device.ownership") == "managed")
    freshness = "unknown" if given.get("posture.status", "unknown") == "unknown" else "fresh"
    of_record: dict[str, Value] = {"device.tags": (), "posture.status": "unknown", "posture.freshness": freshness}
    record = of_record if on_record else {}
    flags: dict[str, Value] = {
        "device.known": on_record,
        "device.managed": managed,
        "device.disabled": False,
        "device.shared_identity": False,
        "device.ownership": "managed" if managed is True else "byod" if "device.owner" in given else "unknown",
        "user.known": "user.groups" in given,
        "user.disabled": False,
        "user.access_ended": False,
    }
    if given.get("method") == "eap-tls":
        flags["certificate.key_attested"] = False
    return {**flags, **record, **given}


def moment(text: str) -> int | None:
    """Unix seconds of a moment in ISO 8601 with its offset from UTC; None when `text` is none."""
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        return None
    return int(read.timestamp() // 1) if read.tzinfo is not None else None


def normal_mac(text: str) -> str | None:
    """A MAC address in any notation as the fact `mac` shows it; None when `text` is none."""
    digits = text.translate({ord(separator): None for separator in "-:."}).upper()
    if len(digits) != 12 or any(digit not in "0123456789ABCDEF" for digit in digits):
        return None
    return "-".join(digits[start : start + 2] for start in range(0, 12, 2))
