"""`nac audit` shows what `nac client`, `nac device`, `nac user` and `nac pki` entered."""

from __future__ import annotations

import getpass
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import update

from nac.cli import cli
from nac.db import Database
from nac.db.schema import AdminAudit

Run = Callable[..., Result]


def trail(nac: Run, *arguments: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(nac("audit", "list", *arguments, "-o", "json").stdout)
    return found


def acts(nac: Run, *arguments: str) -> list[tuple[str, str]]:
    return [(line["action"], line["subject"]) for line in trail(nac, *arguments)]


@pytest.fixture
def authority(nac: Run) -> None:
    nac("pki", "init", "--server-name", "radius.corp.example", "--organization", "Corp")


def test_every_act_of_the_authority_is_entered(nac: Run, authority: None, site: Path) -> None:
    nac("pki", "issue", "--user", "alice@corp.example", "--device", "laptop-17", "--out", "out")
    nac("pki", "revoke", "laptop-17", "--reason", "key-compromise")
    nac("pki", "crl")
    nac("pki", "server")
    shown = json.loads(nac("pki", "show", "-o", "json").stdout)["certificates"]
    root, issuing = shown[0], shown[1]
    client = next(row for row in shown if row["kind"] == "client")
    lines = trail(nac)
    assert [(line["action"], line["subject"]) for line in lines] == [
        ("pki init", root["name"]),
        ("pki issue", "alice@corp.example"),
        ("pki revoke", "alice@corp.example"),
        ("pki crl", "root"),
        ("pki crl", "issuing"),
        ("pki server", "radius.corp.example"),
        ("pki server", "radius.corp.example"),
    ]
    assert {line["actor"] for line in lines} == {getpass.getuser()}
    details = [line["detail"] for line in lines]
    assert details[0] == f"root={root['serial']} issuing={issuing['serial']} directory={site / 'pki'}"
    assert details[1].startswith(f"serial={client['serial']} names=alice@corp.example,laptop-17 until=")
    assert details[2] == f"serial={client['serial']} reason=key-compromise"
    assert details[4].startswith("number=3 entries=1 until=")


def test_upkeep_and_refusals_are_no_acts(nac: Run, authority: None) -> None:
    before = trail(nac)
    nac("pki", "crl", "--if-due")
    nac("pki", "revoke", "nobody", code=4)
    nac("pki", "show")
    assert trail(nac) == before


def test_filters_and_the_newest_last(nac: Run, authority: None, database: Database) -> None:
    nac("device", "add", "Laptop-17")
    nac("device", "disable", "laptop-17")
    nac("user", "add", "alice")
    assert acts(nac, "--limit", "2") == [("device set", "Laptop-17"), ("user add", "alice")]
    assert acts(nac, "--subject", "laptop-17") == [("device add", "Laptop-17"), ("device set", "Laptop-17")]
    assert acts(nac, "--subject", "laptop") == []
    assert acts(nac, "--action", "device add") == [("device add", "Laptop-17")]
    assert [action for action, _ in acts(nac, "--action", "device")] == ["device add", "device set"]
    assert acts(nac, "--action", "dev") == []
    with database.write() as session:
        session.execute(update(AdminAudit).where(AdminAudit.action == "user add").values(actor="bob (as root)"))
        session.execute(update(AdminAudit).where(AdminAudit.action == "device add").values(at=1_000_000_000))
    assert acts(nac, "--actor", "bob") == [("user add", "alice")]
    assert acts(nac, "--actor", "b%") == []
    assert ("device add", "Laptop-17") not in acts(nac, "--since", "1h")
    table = nac("audit", "list").stdout.splitlines()
    assert table[0].split() == ["TIME", "ACTOR", "ACTION", "SUBJECT", "DETAIL", "JOURNAL"]
    assert "user add" in table[-1]
    assert nac("audit", "list", "--actor", "nobody").stderr == "no changes match\n"


def test_init_enters_the_authority_that_it_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for arguments in (["init", "site"], ["-c", "site/nac.toml", "audit", "list", "-o", "json"]):
        done = CliRunner().invoke(cli, arguments)
        assert done.exit_code == 0, done.output
    (line,) = json.loads(done.stdout)
    assert line["action"] == "pki init"
    assert line["detail"].endswith(f"directory={tmp_path / 'site/pki'}")


def test_an_authority_without_a_database_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NAC_CONFIG", raising=False)
    arguments = ["pki", "init", "--server-name", "radius", "--directory", "pki"]
    for prepare in (lambda: None, lambda: (tmp_path / "nac.toml").write_text("")):
        prepare()
        done = CliRunner().invoke(cli, arguments)
        assert done.exit_code == 0, done.output
        assert "not in the audit: there is no database here" in done.stderr
        (tmp_path / "pki").rename(tmp_path / f"pki-{len(list(tmp_path.iterdir()))}")


def test_a_revocation_does_not_wait_for_the_database(nac: Run, authority: None, site: Path) -> None:
    """It is done, told, and the exit code says that it is not in the audit."""
    nac("pki", "issue", "--device", "laptop-17", "--out", "out")
    with sqlite3.connect(site / "state/nac.db") as database:
        database.execute("UPDATE alembic_version SET version_num = '0001'")
    done = nac("pki", "revoke", "laptop-17", code=5)
    assert "revoked laptop-17" in done.stdout
    assert "done, but not in the audit: " in done.stderr
    assert json.loads(nac("pki", "show", "laptop-17", "-o", "json").stdout)[0]["status"] == "revoked"
