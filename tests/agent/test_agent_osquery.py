"""osqueryi stands in these tests as what it is to the agent: a program that is given SQL and prints JSON.

Debian has no package of it. The program here prints rows as osqueryi --json writes them, texts whatever their type.
"""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from agent_device import machine
from click.testing import CliRunner

import nac.agent.osquery
from nac.agent.checks import NAMES, Check
from nac.agent.checks.patch_age_days import OLDEST_DAYS
from nac.agent.config import CheckSettings
from nac.agent.finding import Finding, failed, passed, unknown
from nac.agent.observation import observe
from nac.agent.osquery import QUERIES, ask_osquery
from nac.agent.platforms import Platform
from nac.agent.root import Root
from nac.agent.slow import EVERY_S, SlowChecks
from nac.cli import cli

TABLES = {
    "rpm_packages": "name, install_time INTEGER",
    "secureboot": "secure_boot INTEGER, setup_mode INTEGER",
    "alf": "global_state INTEGER",
    "screenlock": "enabled INTEGER, grace_period INTEGER",
    "bitlocker_info": "drive_letter, protection_status INTEGER, conversion_status INTEGER",
    "windows_security_center": "firewall, autoupdate",
}
"""Those columns of osquery's tables that are asked for, as its specs name them."""


def printing(folder: Path, *lines: str) -> Path:
    """A program in the place of osqueryi."""
    program = folder / "osqueryi"
    program.write_text("\n".join(["#!/bin/sh", *lines, ""]))
    program.chmod(0o755)
    return program


def answering(folder: Path, rows: list[dict[str, str]]) -> Path:
    (folder / "rows.json").write_text(json.dumps(rows, indent=1))
    return printing(folder, f"cat {folder}/rows.json")


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ([{"held": "1"}], Finding("pass", None, "osquery")),
        ([{"held": "0"}], Finding("fail", None, "osquery")),
        ([{"held": "1", "value": "12"}], Finding("pass", 12, "osquery")),
        ([{"held": "", "value": ""}], unknown("osquery: it does not know")),
        ([{"held": "2"}], unknown("osquery: it does not know")),
        ([], unknown("osquery: 0 rows instead of one")),
        ([{"held": "1"}, {"held": "1"}], unknown("osquery: 2 rows instead of one")),
    ],
)
def test_a_row_is_a_finding(rows: list[dict[str, str]], found: Finding, tmp_path: Path) -> None:
    told = ask_osquery(answering(tmp_path, rows), "linux")
    assert told == {"patch_age_days": found, "secure_boot": found}


def test_the_encryption_of_a_disk_says_so_by_its_value(tmp_path: Path) -> None:
    for held in (True, False):
        told = ask_osquery(answering(tmp_path, [{"held": str(int(held))}]), "windows")
        assert told["disk_encryption"] == Finding("pass" if held else "fail", held, "osquery")


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (("echo 'Error: no such table: secureboot' >&2", "exit 1"), "ended with 1"),
        (("sleep 100",), "was ended after"),
        (("yes",), "said more than"),
        (("echo 'Using a virtual database'",), "not a list of rows"),
        (("echo '{}'",), "not a list of rows"),
        (("head -c 60000 /dev/zero | tr '\\0' '['",), "not a list of rows"),
    ],
)
def test_what_goes_wrong_is_unknown_and_says_why(
    lines: tuple[str, ...], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nac.agent.osquery, "PATIENCE_S", 0.5)
    for found in ask_osquery(printing(tmp_path, *lines), "linux").values():
        assert found.result == "unknown"
        assert said in found.detail


def test_a_program_that_is_missing_is_said(tmp_path: Path) -> None:
    told = ask_osquery(tmp_path / "osqueryi", "linux")
    assert "cannot be started: No such file" in told["secure_boot"].detail
    assert ask_osquery(None) == {}


SAID: list[tuple[Platform, str, dict[str, list[tuple[Any, ...]]], list[tuple[Any, ...]]]] = [
    ("linux", "patch_age_days", {"rpm_packages": [("a", "-9"), ("b", "-0")]}, [(1, 0)]),
    ("linux", "patch_age_days", {"rpm_packages": [("a", f"-{OLDEST_DAYS}")]}, [(1, OLDEST_DAYS)]),
    ("linux", "patch_age_days", {"rpm_packages": [("a", f"-{OLDEST_DAYS + 1}")]}, [(0, OLDEST_DAYS + 1)]),
    ("linux", "patch_age_days", {}, [(None, None)]),
    ("linux", "secure_boot", {"secureboot": [(1, 0)]}, [(1,)]),
    ("linux", "secure_boot", {"secureboot": [(1, 1)]}, [(0,)]),
    ("linux", "secure_boot", {}, []),
    ("macos", "firewall", {"alf": [(2,)]}, [(1,)]),
    ("macos", "firewall", {"alf": [(0,)]}, [(0,)]),
    ("macos", "screen_lock", {"screenlock": [(1, 5)]}, [(1,)]),
    ("macos", "screen_lock", {"screenlock": [(0, -1)]}, [(0,)]),
    ("macos", "secure_boot", {"secureboot": [(1, None)]}, [(1,)]),
    ("windows", "disk_encryption", {"bitlocker_info": [("C:", 1, 1), ("D:", 0, 0)]}, [(1,)]),
    ("windows", "disk_encryption", {"bitlocker_info": [("C:", 1, 2)]}, [(0,)]),
    ("windows", "firewall", {"windows_security_center": [("Good", "Poor")]}, [(1,)]),
    ("windows", "automatic_updates", {"windows_security_center": [("Good", "Poor")]}, [(0,)]),
    ("windows", "secure_boot", {"secureboot": [(0, 0)]}, [(0,)]),
]  # fmt: skip


@pytest.mark.parametrize(("platform", "name", "tables", "answer"), SAID)
def test_a_question_is_sql_that_means_what_it_should(
    platform: Platform, name: str, tables: dict[str, list[tuple[Any, ...]]], answer: list[tuple[Any, ...]]
) -> None:
    """On SQLite, whose SQL is osquery's. Packages are by their days from now."""
    database = sqlite3.connect(":memory:")
    (now,) = database.execute("SELECT CAST(strftime('%s', 'now') AS INTEGER)").fetchone()
    for table, columns in TABLES.items():
        database.execute(f"CREATE TABLE {table} ({columns})")
        for row in tables.get(table, ()):
            values = [now + int(one) * 86400 if str(one)[0] == "-" and table == "rpm_packages" else one for one in row]
            database.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(values))})", values)  # noqa: S608
    assert database.execute(QUERIES[platform][name]).fetchall() == answer


def test_every_question_is_for_a_check() -> None:
    assert {name for queries in QUERIES.values() for name in queries} < set(NAMES)
    assert {(platform, name) for platform, queries in QUERIES.items() for name in queries} == {one[:2] for one in SAID}


def test_only_what_is_unknown_is_filled(tmp_path: Path) -> None:
    own = {"firewall": failed(), "kernel": unknown("a"), "secure_boot": unknown("b"), "cuda": passed()}
    told = {"firewall": passed(), "kernel": passed(), "secure_boot": unknown("c"), "cuda": failed()}
    checks = [Check(name, lambda _, found=found: found) for name, found in own.items()]  # type: ignore[misc]
    seen = observe(machine(Root(tmp_path)), checks, told=told).findings
    assert seen == {"firewall": failed(), "kernel": passed(), "secure_boot": unknown("b; c"), "cuda": passed()}


def test_it_is_asked_once_an_hour(tmp_path: Path) -> None:
    program = printing(tmp_path, f"echo >>{tmp_path}/asked", 'echo \'[{"held": "1"}]\'')
    on = machine(Root(tmp_path), settings=CheckSettings(osquery=program))
    slow = SlowChecks([], on, 0.0)
    assert slow.told["secure_boot"].result == "pass"
    assert not slow.make_if_due(on, EVERY_S - 1)
    assert len((tmp_path / "asked").read_text().splitlines()) == len(QUERIES["linux"])


def test_the_command_asks_too(tmp_path: Path) -> None:
    program = answering(tmp_path, [{"held": "1", "value": "3"}])
    (tmp_path / "agent.toml").write_text(f'[checks]\nosquery = "{program}"\n')
    command = ["agent", "-f", str(tmp_path / "agent.toml"), "check", "-o", "json"]
    own = json.loads(CliRunner().invoke(cli, ["agent", "check", "-o", "json"]).stdout)["checks"]["patch_age_days"]
    shown = json.loads(CliRunner().invoke(cli, command).stdout)["checks"]["patch_age_days"]
    assert shown == (own if own["result"] != "unknown" else {"result": "pass", "value": 3, "detail": "osquery"})
