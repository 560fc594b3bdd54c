"""`nac db`: what it prints, which exit codes it ends with, and that it keeps away from a running server."""

from __future__ import annotations

import json
import os
from pathlib import Path

from click.testing import CliRunner

from nac.cli import cli
from nac.state_lock import lock


def nac(*arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(cli, list(arguments), prog_name="nac", env={"COLUMNS": "200"})
    assert result.exit_code == code, result.output + result.stderr
    return result.output + result.stderr


def test_status_says_engine_and_history(site: Path) -> None:
    assert "sqlite" in nac("db", "status")
    said = json.loads(nac("db", "status", "-o", "json"))
    assert {one["table"] for one in said["history"]} == {
        "authentications",
        "accounting",
        "discards",
        "sessions",
        "session_hours",
    }
    assert said["octets"] > 0


def test_check_ends_with_5_when_something_is_wrong(site: Path) -> None:
    assert "sound" in nac("db", "check")
    path = site / "state/nac.db"
    octets = bytearray(path.read_bytes())
    octets[8192:] = bytes(len(octets) - 8192)
    path.write_bytes(octets)
    nac("db", "check", code=5)


def test_backup_and_restore_and_both_are_on_record(site: Path) -> None:
    nac("device", "add", "printer")
    nac("db", "backup", "copy.db")
    nac("device", "remove", "printer")
    assert "not empty" in nac("db", "restore", "copy.db", code=4)
    nac("db", "restore", "copy.db", "--force")
    assert "printer" in nac("device", "list")
    assert [line["action"] for line in json.loads(nac("audit", "list", "-o", "json"))][-2:] == [
        "db backup",
        "db restore",
    ]


def test_a_running_server_is_not_restored_under(site: Path) -> None:
    nac("db", "backup", "copy.db")
    held = lock(site / "state")
    try:
        assert "another server runs" in nac("db", "restore", "copy.db", "--force", code=4)
    finally:
        os.close(held)


def test_retention_says_what_it_deleted(site: Path) -> None:
    assert "nothing is past its limit" in nac("db", "retention")
    assert json.loads(nac("db", "retention", "-o", "json")) == {"rows": {}, "partitions": []}
