"""Facts and changes of facts in words: who it is, with which device, in which state, where, when."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime
from typing import Final

from nac.policy.facts import TIME
from nac.policy.model import Value
from nac.policy.solve import Change

_ALWAYS_SHOWN: Final = ("method", "user.name", "device.name")

_ORDER: Final = ("method", "user.", "certificate.", "mac", "device.", "posture.", "risk.", "client.", "nas.")
"""Identity, device, posture, place; the rest after it, the time last."""


def facts_in_words(facts: Mapping[str, Value], asked: Collection[str]) -> str:
    """The facts that a policy asks for, and who it is, in one line: `fact = value` as the language writes it.

    Left out is what goes without saying: nobody is disabled, and a set of which nothing is said is empty.
    """
    ordinary = {name for name, value in facts.items() if value == () or (name.endswith(".disabled") and value is False)}
    shown = [name for name in facts if (name in asked or name in _ALWAYS_SHOWN) and name not in ordinary]
    return ", ".join(fact_in_words(name, facts[name]) for name in sorted(shown, key=_rank))


def fact_in_words(name: str, value: Value) -> str:
    """One fact as the language writes it, times with their date."""
    if name == TIME and isinstance(value, int):
        return f'time = "{datetime.fromtimestamp(value, UTC).isoformat()}"'
    if isinstance(value, bool):
        return name if value else f"not {name}"
    if isinstance(value, tuple):
        members = ", ".join(f'"{member}"' for member in value)
        return f"{name} has {members}" if value else f"{name} is empty"
    return f"{name} = {value}" if isinstance(value, int) else f'{name} = "{value}"'


def _rank(name: str) -> tuple[int, str]:
    rank = next((at for at, prefix in enumerate(_ORDER) if name.startswith(prefix)), len(_ORDER))
    return (rank + 1 if name == TIME else rank), name


def change_in_words(change: Change, *, user: str, device: str) -> str:
    """What would have to be done, for an administrator or the user; the fact itself stands behind it."""
    return f"{_deed(change, user, device)} ({_after(change)})"


def _after(change: Change) -> str:
    if change.member is not None:
        return f'{"" if change.after else "not "}{change.fact} has "{change.member}"'
    if change.after is None:
        return f"{change.fact} not known"
    return fact_in_words(change.fact, change.after)


def _deed(change: Change, user: str, device: str) -> str:
    if change.member is not None:
        return _membership(change, user, device)
    deeds = {
        "posture.status": "a fresh posture report",
        "posture.freshness": "a fresh posture report",
        "posture.age": "a fresh posture report",
        "posture.score": "a better posture report",
        "risk.score": f"a lower risk of device {device}" if _falls(change) else f"another risk of device {device}",
        "device.managed": f"device {device} taken under management"
        if change.after
        else f"device {device} taken out of management",
        "device.shared_identity": f"the shared identity of device {device} cleared up",
        "device.known": f"device {device} put on record" if change.after else f"device {device} taken off the record",
        "device.kind": f"another kind for device {device}",
        "device.owner": f"another owner for device {device}",
        "device.ownership": f"another ownership of device {device}",
        "user.known": f"user {user} put on record" if change.after else f"user {user} taken off the record",
        "user.disabled": f"user {user} enabled",
        "device.disabled": f"device {device} enabled",
        "user.access_ended": f"longer access for user {user}",
        "method": "another method of authentication",
        "certificate.key_attested": f"a certificate with an attested key for device {device}",
        "certificate.days_left": f"a renewed certificate for device {device}",
        "client.name": "another switch or access point",
        "client.site": "another site",
        "client.region": "another region",
        "connection": "another kind of connection",
        "ssid": "another wireless network",
        TIME: "another time",
    }
    return deeds.get(change.fact, f"another {change.fact}")


def _membership(change: Change, user: str, device: str) -> str:
    whose = {"user.groups": ("group", f"user {user}"), "device.tags": ("tag", f"device {device}")}
    if change.fact in whose:
        what, owner = whose[change.fact]
        return f"{what} {change.member} for {owner}" if change.after else f"{what} {change.member} taken from {owner}"
    if change.fact in ("posture.passed", "posture.failed"):
        passes = (change.fact == "posture.passed") is bool(change.after)
        return f"check {change.member} of device {device} {'passes' if passes else 'no longer counts as passed'}"
    verb = "with" if change.after else "without"
    return f"a certificate {verb} {change.member}"


def _falls(change: Change) -> bool:
    before, after = change.before, change.after
    return isinstance(before, int) and isinstance(after, int) and after < before


def lines(words: str, width: int = 100) -> Iterator[str]:
    """`words` broken at commas into lines of about that width."""
    line = ""
    for part in words.split(", "):
        joined = f"{line}, {part}" if line else part
        if line and len(joined) > width:
            yield f"{line},"
            joined = part
        line = joined
    yield line
