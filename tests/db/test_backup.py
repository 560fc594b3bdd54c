"""A copy of a database in use is one moment of it, and can be put back; what must not be overwritten is not."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from sqlalchemy import text

from nac.db import Database, upgrade
from nac.db.audit import Actor, newest, record
from nac.db.audit import AuditFilter as Everything
from nac.db.backup import back_up, restore
from nac.db.examine import problems
from nac.errors import ConflictError, NotFoundError, StorageError

PAIR = 2


def write_pair(database: Database, number: int) -> None:
    with database.write() as session:
        for _ in range(PAIR):
            record(session, Actor("root"), "device add", str(number))


def pairs(url: str) -> list[str]:
    database = Database.open(url)
    with database.read() as session:
        found = [row.subject for row in newest(session, Everything(), 100_000)]
    database.close()
    return found


def test_a_copy_taken_while_others_write_is_one_moment(url: str, tmp_path: Path) -> None:
    database, stop, written = Database.open(url), threading.Event(), threading.Event()

    def write() -> None:
        number = 0
        while not stop.is_set():
            write_pair(database, number)
            number += 1
            written.set()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert written.wait(30)
        back_up(url, tmp_path / "copy")
    finally:
        stop.set()
        writer.join()
    write_pair(database, 1_000_000)
    database.close()
    assert (tmp_path / "copy").stat().st_mode & 0o777 == 0o600
    restore(url, tmp_path / "copy", replace=True)
    upgrade(url)
    found = pairs(url)
    assert found
    assert "1000000" not in found
    assert found == [str(number) for number in range(len(found) // PAIR) for _ in range(PAIR)]
    assert problems(url) == []


def test_what_is_there_is_not_replaced_unasked(url: str, tmp_path: Path) -> None:
    database = Database.open(url)
    write_pair(database, 1)
    database.close()
    back_up(url, tmp_path / "copy")
    with pytest.raises(ConflictError, match="exists"):
        back_up(url, tmp_path / "copy")
    with pytest.raises(ConflictError, match="is not empty") as caught:
        restore(url, tmp_path / "copy", replace=False)
    assert "--force" in caught.value.fix
    with pytest.raises(NotFoundError):
        restore(url, tmp_path / "nothing", replace=True)
    assert pairs(url) == ["1", "1"]


def test_into_an_empty_place(url: str, empty_url: str, tmp_path: Path) -> None:
    """`empty_url` is `url` here: it is emptied as an administrator would who lost the disk."""
    back_up(url, tmp_path / "copy")
    if url.startswith("sqlite"):
        (tmp_path / "nac.db").unlink()
    else:
        database = Database.open(url)
        with database.write() as session:
            session.execute(text("DROP SCHEMA public CASCADE"))
            session.execute(text("CREATE SCHEMA public"))
        database.close()
    restore(empty_url, tmp_path / "copy", replace=False)
    assert pairs(url) == []


@pytest.mark.parametrize("octets", [b"", b"no database at all, only text", b"SQLite format 3\0" + bytes(200)])
def test_what_is_no_copy_is_refused_and_nothing_lost(url: str, tmp_path: Path, octets: bytes) -> None:
    (tmp_path / "copy").write_bytes(octets)
    with pytest.raises(StorageError):
        restore(url, tmp_path / "copy", replace=True)
    assert pairs(url) == []


def test_a_damaged_copy_is_refused(sqlite_url: str, tmp_path: Path) -> None:
    database = Database.open(sqlite_url)
    for number in range(500):
        write_pair(database, number)
    database.close()
    back_up(sqlite_url, tmp_path / "copy")
    octets = bytearray((tmp_path / "copy").read_bytes())
    octets[len(octets) // 2 :] = bytes(len(octets) - len(octets) // 2)
    (tmp_path / "copy").write_bytes(octets)
    with pytest.raises(StorageError, match=r"damaged|no copy"):
        restore(sqlite_url, tmp_path / "copy", replace=True)
    assert len(pairs(sqlite_url)) == 1000


def test_a_database_in_use_is_not_replaced(url: str, tmp_path: Path) -> None:
    if url.startswith("sqlite"):
        pytest.skip("the state folder's lock says so there: tests/cli/test_db.py")
    back_up(url, tmp_path / "copy")
    database = Database.open(url)
    with database.read() as session:
        session.execute(text("SELECT 1"))
        with pytest.raises(ConflictError, match="in use"):
            restore(url, tmp_path / "copy", replace=True)
    database.close()


def test_without_pg_dump_it_says_what_to_install(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if url.startswith("sqlite"):
        pytest.skip("SQLite needs no program")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(StorageError, match="pg_dump is not installed") as caught:
        back_up(url, tmp_path / "copy")
    assert "postgresql-client" in caught.value.fix
    assert list(tmp_path.iterdir()) == []


def test_check_finds_what_is_broken(url: str) -> None:
    assert problems(url) == []
    database = Database.open(url)
    with database.write() as session:
        columns = "id, at_us, client, result, cause, event, fact_set, laid_out"
        session.execute(text(f"INSERT INTO authentications ({columns}) VALUES ('a', 1, '', '', '', '', 77, 'gone')"))  # noqa: S608
    assert problems(url) == [
        "1 authentications whose facts are not there",
        "1 authentications whose access list is not there",
    ]
    with database.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '0004'"))
    database.close()
    assert "schema 0004" in problems(url)[0]


def test_check_finds_references_to_nothing(sqlite_url: str) -> None:
    database = Database.open(sqlite_url)
    with database.read() as session:
        session.connection().connection.execute("COMMIT")
        session.connection().connection.execute("PRAGMA foreign_keys = OFF")
        session.connection().connection.execute("INSERT INTO device_macs VALUES ('00:00:00:00:00:01', 5)")
        session.connection().connection.execute("BEGIN")
    database.close()
    assert "device_macs" in problems(sqlite_url)[0]
