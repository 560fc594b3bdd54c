"""`nac policy publish | history | rollback`: versions, files that change at one moment, a server that takes them."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from worlds import ESTATE, Nac

from nac.config import render_default
from nac.control.ask import ask as ask_server
from nac.db import Database
from nac.db.schema import AdminAudit, PolicyText
from nac.errors import ControlError, PolicyError
from nac.policy.load import read_sources
from nac.policy.source import Source
from nac.policy.write import WriteError, write_policy

Ask = Callable[..., Any]

PATIENCE_S = 30.0

TEXT = "segment a { vlan 1 }\nplace in a when device.managed\n"


@pytest.fixture
def candidate(tmp_path: Path) -> Path:
    folder = tmp_path / "candidate"
    folder.mkdir()
    (folder / "10-a.policy").write_text(TEXT)
    (folder / "20-b.policy").write_text("resource r { address 10.0.0.1 }\nallow r when device.managed\n")
    return folder


def test_publish_checks_writes_and_records(nac: Nac, ask: Ask, site: Path, candidate: Path, database: Database) -> None:
    said = nac("policy", "publish", str(candidate), "--note", "two files").stdout
    assert said.startswith("version 1, digest ")
    assert "no server is running: the next one will start with it" in said
    assert sorted(path.name for path in (site / "policy").iterdir()) == ["10-a.policy", "20-b.policy"]
    (version,) = ask("history")
    assert (version["number"], version["note"], version["generation"]) == (1, "two files", None)
    with database.read() as session:
        assert session.scalars(select(AdminAudit.action)).all() == ["policy publish"]


def test_a_policy_that_fails_its_test_changes_nothing(nac: Nac, ask: Ask, site: Path, candidate: Path) -> None:
    (candidate / "10-a.policy").write_text(TEXT + 'test "t" { expect segment a }\n')
    result = nac("policy", "publish", str(candidate), code=3)
    assert 'test "t": expected segment a, got reject' in result.stderr
    assert [path.name for path in (site / "policy").iterdir()] == ["estate.policy"]
    assert ask("history") == []


def test_rollback_brings_the_files_back_as_a_new_version(nac: Nac, ask: Ask, site: Path, candidate: Path) -> None:
    nac("policy", "publish")
    nac("policy", "publish", str(candidate))
    nac("policy", "rollback", "1")
    assert [(path.name, path.read_text()) for path in (site / "policy").iterdir()] == [
        ("estate.policy", ESTATE.read_text())
    ]
    versions = ask("history")
    assert [(one["number"], one["note"]) for one in versions] == [
        (3, "rollback to 1"),
        (2, "published"),
        (1, "published"),
    ]
    assert versions[0]["digest"] == versions[2]["digest"] != versions[1]["digest"]
    assert "nothing changes for anyone" in nac("policy", "diff", "1", "3").stderr
    assert "there is no policy version 9" in nac("policy", "rollback", "9", code=4).stderr


def test_texts_are_kept_once(nac: Nac, candidate: Path, database: Database) -> None:
    nac("policy", "publish", str(candidate))
    (candidate / "10-a.policy").write_text(TEXT + "# a remark\n")
    nac("policy", "publish", str(candidate))
    with database.read() as session:
        assert len(session.scalars(select(PolicyText.digest)).all()) == 3


# --- files ---


def test_a_folder_changes_at_one_moment_and_keeps_what_is_no_policy(tmp_path: Path) -> None:
    folder = tmp_path / "policy"
    (folder / "notes").mkdir(parents=True)
    (folder / "notes/why.txt").write_text("because")
    (folder / "README").write_text("read me")
    (folder / "old.policy").write_text("old")
    folder.chmod(0o750)
    before = folder.stat().st_ino
    write_policy(folder, [Source("new.policy", "new")])
    assert folder.stat().st_ino != before, "the folder is another one, under the same name"
    assert folder.stat().st_mode & 0o777 == 0o750
    assert sorted(str(path.relative_to(folder)) for path in folder.rglob("*")) == [
        "README",
        "new.policy",
        "notes",
        "notes/why.txt",
    ]
    assert [path.name for path in tmp_path.iterdir()] == ["policy"]
    assert read_sources(folder) == [Source("new.policy", "new")]


def test_a_file_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "nac.policy"
    path.write_text("old")
    path.chmod(0o640)
    write_policy(path, [Source("candidate.policy", "new")])
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("new", 0o640)
    with pytest.raises(WriteError, match="is one file"):
        write_policy(path, [Source("a", ""), Source("b", "")])


def test_what_cannot_be_written_stays_as_it_was(tmp_path: Path) -> None:
    folder = tmp_path / "policy"
    folder.mkdir()
    (folder / "old.policy").write_text("old")
    with pytest.raises(WriteError, match="as they were"):
        write_policy(folder, [Source("no/such/folder.policy", "new")])
    assert read_sources(folder) == [Source("old.policy", "old")]
    assert [path.name for path in tmp_path.iterdir()] == ["policy"]
    with pytest.raises(PolicyError):
        read_sources(tmp_path / "nothing")


# --- with a running server ---


@pytest.fixture
def server(tmp_path: Path, nac: Nac, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder as `nac init` leaves it, with `nac serve` running in it."""
    home = tmp_path / "home"
    nac("init", str(home), "--example", "default", "--server-name", "radius.corp.example")
    (home / "nac.toml").write_text(render_default({"server.listen": ["127.0.0.1:0"], "server.shards": 1}))
    monkeypatch.chdir(home)
    program = str(Path(sys.executable).with_name("nac"))
    with (home / "server.log").open("w") as log, subprocess.Popen([program, "serve"], stderr=log, cwd=home) as process:
        try:
            until(lambda: answers(home))
            yield home
        finally:
            process.terminate()


def answers(home: Path) -> bool:
    try:
        return ask_server(home / "state/control.sock", "status").ok
    except ControlError:
        return False


def until(look: Callable[[], object]) -> None:
    """Look again and again until there is something; gives up only when it is broken."""
    deadline = time.monotonic() + PATIENCE_S
    while not look():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_running_server_takes_versions_and_makes_them_of_what_it_finds(nac: Nac, ask: Ask, server: Path) -> None:
    until(lambda: ask("history"))
    (first,) = ask("history")
    assert (first["author"], first["note"]) == ("the server", "found in the folder")
    other = server / "other.policy"
    other.write_text((server / "policy/default.policy").read_text().replace("vlan 10 ", "vlan 11 "))
    assert "the server answered: generation" in nac("policy", "publish", str(other)).stdout
    status = ask_server(server / "state/control.sock", "status").status
    assert status is not None
    published = ask("history")[0]
    assert (published["digest"], published["number"]) == (status["policy_digest"], 2)
    assert first["generation"] < published["generation"] <= status["generation"]

    changed = server / "policy/other.policy"
    changed.write_text(changed.read_text().replace("vlan 11 ", "vlan 12 "))
    until(lambda: len(ask("history")) == 3)
    assert ask("history")[0]["author"] == "the server"
    assert "the server answered" in nac("policy", "rollback", "1").stdout
    assert (ask("history")[0]["note"], ask("history")[0]["digest"]) == ("rollback to 1", first["digest"])
