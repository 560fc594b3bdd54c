"""Postures and findings -> a verdict. Pure: what failed before and the time are arguments.

Every posture that applies counts. One of which it is not known whether it applies counts too: what is not known asks
for more and never for less. Without a posture that does apply nothing says what healthy is, and the status is
`unknown`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from nac.policy import reference
from nac.policy.model import Comparison, Policy, Posture, Requirement, Value
from nac.posture.checks import CHECKS
from nac.posture.findings import Finding, Findings, FoundValue

Status = Literal["healthy", "degraded", "unhealthy", "unknown"]
"""`degraded`: something fails, but all of it within its grace."""

_NUMBER: Final = re.compile(r"\d{1,18}")
_LONGEST_VERSION: Final = 8


@dataclass(frozen=True, slots=True)
class Failure:
    """A check that does not hold. `says`, `fix`: for the device's user; `grace_until`: Unix seconds until which it is
    forgiven, None when it is not.
    """

    check: str
    says: str
    fix: str
    grace_until: int | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """`failing_since`: since when each failing check fails, for the next judgement. `changes_at`: Unix seconds at
    which the first grace ends and another verdict is due, None when none runs.
    """

    status: Status
    score: int
    passed: tuple[str, ...]
    failed: tuple[Failure, ...]
    failing_since: Mapping[str, int]
    changes_at: int | None


@dataclass(frozen=True, slots=True)
class Applying:
    """`certain`: the postures that apply; `possible`: those of which it is not known."""

    certain: tuple[Posture, ...]
    possible: tuple[Posture, ...]

    @property
    def all(self) -> tuple[Posture, ...]:
        return self.certain + self.possible


def applying(policy: Policy, device: Mapping[str, Value]) -> Applying:
    """The postures for a device of which these facts are on record."""
    truths = [(posture, reference.evaluate(policy, posture.condition, device)) for posture in policy.postures]
    return Applying(
        tuple(posture for posture, truth in truths if truth is True),
        tuple(posture for posture, truth in truths if truth is None),
    )


def judge(postures: Applying, findings: Findings, failing_since: Mapping[str, int], *, now: int) -> Verdict:
    """The verdict at `now` (Unix seconds). `failing_since`: of the verdict before."""
    outcomes: dict[str, list[tuple[Requirement, bool]]] = {}
    for posture in postures.all:
        for requirement in posture.requirements:
            held = holds(requirement, findings.get(requirement.check.text)) is True
            outcomes.setdefault(requirement.check.text, []).append((requirement, held))
    since = {
        check: min(failing_since.get(check, now), now)
        for check, judged in outcomes.items()
        if not all(held for _, held in judged)
    }
    forgiven = {check: _forgiven_until(postures, check, began) for check, began in since.items()}
    failed = tuple(
        _failure(requirement, findings.get(check), forgiven[check], now)
        for check, judged in outcomes.items()
        if check in since
        for requirement in [next(requirement for requirement, held in judged if not held)]
    )
    running = [until for until in forgiven.values() if until is not None and until > now]
    return Verdict(
        status=_status(postures, failed),
        score=100 * (len(outcomes) - len(failed)) // len(outcomes) if outcomes else 0,
        passed=tuple(check for check in outcomes if check not in since),
        failed=failed,
        failing_since=since,
        changes_at=min(running, default=None),
    )


def _status(postures: Applying, failed: tuple[Failure, ...]) -> Status:
    if not postures.certain:
        return "unknown"
    if not failed:
        return "healthy"
    return "unhealthy" if any(failure.grace_until is None for failure in failed) else "degraded"


def _forgiven_until(postures: Applying, check: str, since: int) -> int | None:
    """The shortest grace of the postures that ask for the check; one that gives none ends it for all."""
    graces: list[int | None] = [
        next((grace.seconds for grace in posture.graces if check in {name.text for name in grace.checks}), None)
        for posture in postures.all
        if any(requirement.check.text == check for requirement in posture.requirements)
    ]
    given = [grace for grace in graces if grace is not None]
    return since + min(given) if given and len(given) == len(graces) else None


def _failure(requirement: Requirement, finding: Finding | None, until: int | None, now: int) -> Failure:
    check = CHECKS[requirement.check.text]
    grace = until if until is not None and until > now else None
    if finding is None or holds(requirement, finding) is None:
        why = finding.detail if finding and finding.detail else "the report does not tell"
        return Failure(check.name, f"Not known: {check.about} ({why}).", check.fix, grace)
    about = _about(requirement, finding)
    return Failure(check.name, f"{check.says} {about}".rstrip(), check.fix, grace)


def _about(requirement: Requirement, finding: Finding) -> str:
    """What was found, and what is asked for where that is not plain."""
    found = ", ".join(_offending(requirement, finding.value)) if isinstance(finding.value, tuple) else finding.value
    plain = found in (None, "", True, False) or (CHECKS[finding.check].kind == "state" and finding.detail)
    shown = "" if plain else f"Found: {found}."
    asked = f"Asked for: {requirement.label}." if requirement.wanted else ""
    return " ".join(part for part in (shown or finding.detail, asked) if part)


def _offending(requirement: Requirement, value: tuple[str, ...]) -> Iterator[str]:
    wanted = requirement.wanted
    return (item for item in value if wanted is None or _compare(wanted, item) is requirement.forbidden)


def holds(requirement: Requirement, finding: Finding | None) -> bool | None:
    """Whether what was found is as it shall be; None when it is not known. A check that can make nothing of what it
    found, such as a version, has found it all the same; a list that it could not finish is none.
    """
    wanted, value = requirement.wanted, finding.value if finding else None
    if finding is None or (finding.result == "unknown" and (wanted is None or not isinstance(value, str | int))):
        return None
    if wanted is None:
        listed = CHECKS[finding.check].kind == "findings" and isinstance(value, tuple) and bool(value)
        return finding.result == "pass" and not listed
    if isinstance(value, tuple):
        compared = [_compare(wanted, item) for item in value]
        return True not in compared if requirement.forbidden else all(compared)
    if CHECKS[finding.check].kind in ("findings", "list"):
        return None
    truth = _compare(wanted, value)
    return None if truth is None else truth is not requirement.forbidden


def _compare(wanted: Comparison, value: FoundValue) -> bool | None:
    match wanted.operator, value, wanted.value:
        case "in", str(), tuple() as members:
            return value.lower() in {member.lower() for member in members}
        case (("=" | "has"), str(), str() as text):
            return value.lower() == text.lower()
        case "matches", str(), str() as pattern:
            return fits_pattern(pattern.lower(), value.lower())
        case ">=", str(), str() as least:
            found = _version(value)
            return found >= _version(least) if found else None
        case operator, int(), int() as number if not isinstance(value, bool):
            return {"=": value == number, "<": value < number, "<=": value <= number, ">": value > number}.get(
                operator, value >= number
            )
    return None


def _version(text: str) -> tuple[int, ...]:
    """The numbers in a version, in order: `6.1.0-25-amd64` is (6, 1, 0, 25, 64)."""
    return tuple(int(number) for number in _NUMBER.findall(text)[:_LONGEST_VERSION])


def fits_pattern(pattern: str, text: str) -> bool:
    """Whether `text` fits; `*` stands for any run of characters. Each part is looked for once, from left to right."""
    first, *parts = pattern.split("*")
    if not parts:
        return text == pattern
    *inner, last = parts
    if not text.startswith(first) or len(text) < len(first) + len(last) or not text.endswith(last):
        return False
    at, end = len(first), len(text) - len(last)
    for part in inner:
        at = text.find(part, at, end)
        if at < 0:
            return False
        at += len(part)
    return True
