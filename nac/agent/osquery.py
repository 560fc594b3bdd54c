"""osquery on the device, when agent.toml names it: fixed questions for what the agent's own checks cannot know.

The answer is one row: `held`, 1 or 0, and the `value` that was found, if there is one. No row, or an empty `held`, is
unknown. What the answers mean is the importer's to say, as for a host of Fleet.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import msgspec

from nac.agent.commands import ENVIRONMENT
from nac.agent.finding import Finding, unknown
from nac.agent.platforms import Platform, this_platform
from nac.agent.program import run_program

PATIENCE_S: Final = 10.0
LONGEST_ANSWER: Final = 64 * 1024

QUERIES: Final[Mapping[Platform, Mapping[str, str]]] = MappingProxyType(
    {
        "linux": {
            # As days since any package was installed: of upgrades the table knows nothing.
            "patch_age_days": "SELECT age <= 30 AS held, age AS value FROM (SELECT (CAST(strftime('%s', 'now')"
            " AS INTEGER) - max(install_time)) / 86400 AS age FROM rpm_packages)",
            "secure_boot": "SELECT secure_boot = 1 AND setup_mode = 0 AS held FROM secureboot",
        },
        "macos": {
            "firewall": "SELECT global_state > 0 AS held FROM alf",
            "screen_lock": "SELECT enabled = 1 AND grace_period >= 0 AS held FROM screenlock",
            "secure_boot": "SELECT secure_boot = 1 AS held FROM secureboot",
        },
        "windows": {
            "disk_encryption": "SELECT protection_status = 1 AND conversion_status = 1 AS held FROM bitlocker_info"
            " WHERE drive_letter = 'C:'",
            "firewall": "SELECT firewall = 'Good' AS held FROM windows_security_center",
            "automatic_updates": "SELECT autoupdate = 'Good' AS held FROM windows_security_center",
            "secure_boot": "SELECT secure_boot = 1 AND setup_mode = 0 AS held FROM secureboot",
        },
    }
)
"""By check, in osquery's tables (version 5)."""


class _Row(msgspec.Struct):
    held: str = ""
    value: str | None = None


_ROWS: Final = msgspec.json.Decoder(list[_Row])


def ask_osquery(program: Path | None, platform: Platform | None = None) -> Mapping[str, Finding]:
    """A finding for each question of the platform, unknown with its reason where there is no answer; none without a
    program."""
    if program is None:
        return {}
    return {name: _finding(name, program, query) for name, query in QUERIES[platform or this_platform()].items()}


def _finding(name: str, program: Path, query: str) -> Finding:
    from nac.posture.importers import read_host

    try:
        row = _asked(program, query)
    except _NoAnswerError as error:
        return unknown(f"osquery: {error}")
    host: dict[str, Any] = {"policies": [{"name": name, "response": {"1": "pass", "0": "fail"}.get(row.held)}]}
    if name == "disk_encryption":
        host = {"disk_encryption_enabled": {"1": True, "0": False}.get(row.held)}
    found = read_host(host, "osquery").findings.get(name)
    if found is None:
        return unknown("osquery: it does not know")
    value = int(row.value) if row.value and row.value.isdigit() else found.value
    return Finding(found.result, value, "osquery")


class _NoAnswerError(Exception):
    """osquery was not there, failed, took too long, or said something else than one row."""


def _asked(program: Path, query: str) -> _Row:
    try:
        answer = run_program(
            [str(program), "--json", query],
            ENVIRONMENT,
            patience_s=PATIENCE_S,
            longest=LONGEST_ANSWER,
        )
    except OSError as error:
        raise _NoAnswerError(f"{program} cannot be started: {error.strerror}") from None
    if len(answer.said) > LONGEST_ANSWER:
        raise _NoAnswerError(f"it said more than {LONGEST_ANSWER} octets")
    if answer.code != 0:
        raise _NoAnswerError(f"it ended with {answer.code}, or was ended after {PATIENCE_S:.0f} s")
    try:
        rows = _ROWS.decode(answer.said)
    except (msgspec.DecodeError, RecursionError):
        raise _NoAnswerError("what it said is not a list of rows in JSON") from None
    if len(rows) != 1:
        raise _NoAnswerError(f"{len(rows)} rows instead of one")
    return rows[0]
