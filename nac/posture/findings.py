"""What a report found: one `Finding` for each check that was made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from nac.posture.checks import CHECKS

Result = Literal["pass", "fail", "unknown"]
Scalar = str | bool | int | None
FoundValue = Scalar | tuple[str, ...]

MAX_TEXT: Final = 256
MAX_ITEMS: Final = 256
"""Characters of a value and of a detail, and members of a list, that are kept; of a longer list nothing is known."""


@dataclass(frozen=True, slots=True)
class Finding:
    """`result`: what the reporter makes of it by itself; `value`: what it found; `detail`: for people."""

    check: str
    result: Result
    value: FoundValue = None
    detail: str = ""


Findings = Mapping[str, Finding]
"""By the check's name; a check that is missing was not made."""


def by_name(found: Iterable[Finding]) -> dict[str, Finding]:
    """Known checks alone, each bounded; a check that is said twice and not the same both times is not known."""
    findings: dict[str, Finding] = {}
    for one in found:
        if one.check not in CHECKS:
            continue
        finding = _bounded(one)
        if one.check not in findings:
            findings[one.check] = finding
        elif findings[one.check] != finding:
            findings[one.check] = Finding(one.check, "unknown", None, "the report says two things of it")
    return findings


def without_values(findings: Findings) -> dict[str, Finding]:
    """The results alone: nothing of what is on the device."""
    return {name: Finding(name, finding.result) for name, finding in findings.items()}


def _bounded(finding: Finding) -> Finding:
    value = finding.value
    if isinstance(value, tuple):
        if len(value) > MAX_ITEMS:
            more = f"{len(value) - MAX_ITEMS} more are not listed"
            return Finding(finding.check, "unknown", tuple(item[:MAX_TEXT] for item in value[:MAX_ITEMS]), more)
        value = tuple([item[:MAX_TEXT] for item in value])
    elif isinstance(value, str):
        value = value[:MAX_TEXT]
    if value == finding.value and len(finding.detail) <= MAX_TEXT:
        return finding
    return Finding(finding.check, finding.result, value, finding.detail[:MAX_TEXT])
