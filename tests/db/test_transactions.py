"""Reading and writing: isolation, atomicity, and every fault as `StorageError`."""

import threading

import pytest
from sqlalchemy import text

from nac.db import Database, revision
from nac.db.audit import Actor, record
from nac.db.schema import AdminAudit, DeviceMac
from nac.errors import StorageError


@pytest.mark.parametrize(
    ("pragma", "value"), [("journal_mode", "wal"), ("foreign_keys", 1), ("busy_timeout", 5000), ("synchronous", 1)]
)
def test_sqlite_settings(sqlite_url: str, pragma: str, value: object) -> None:
    with Database.open(sqlite_url).read() as session:
        assert session.scalar(text(f"PRAGMA {pragma}")) == value


def test_a_block_that_raises_writes_nothing(url: str) -> None:
    database = Database.open(url)

    def write_and_fail() -> None:
        with database.write() as session:
            revision.bump(session)
            record(session, Actor("root"), "device add", "x")
            raise KeyError

    with pytest.raises(KeyError):
        write_and_fail()
    with database.read() as session:
        assert revision.current(session) == (0, 0)
        assert session.query(AdminAudit).count() == 0


def test_a_reader_sees_one_state_while_another_writes(url: str) -> None:
    database = Database.open(url)
    with database.read() as reader:
        before = revision.current(reader)
        with database.write() as writer:
            revision.bump(writer)
        assert revision.current(reader) == before
    with database.read() as reader:
        assert revision.current(reader).latest == before.latest + 1


def test_writers_from_many_threads_lose_no_write(url: str) -> None:
    database = Database.open(url)

    def write() -> None:
        for _ in range(25):
            with database.write() as session:
                revision.bump(session)

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.read() as session:
        assert revision.current(session).latest == 100


def test_a_locked_database_is_a_storage_error_with_a_fix(sqlite_url: str) -> None:
    holder, other = Database.open(sqlite_url), Database.open(sqlite_url, busy_timeout_ms=1)
    with holder.write() as session:
        revision.bump(session)
        with pytest.raises(StorageError, match="locked") as caught, other.write():
            pass
    assert "holds the database" in caught.value.fix


def test_foreign_keys_hold(url: str) -> None:
    with pytest.raises(StorageError, match=r"(?i)foreign key"), Database.open(url).write() as session:
        session.add(DeviceMac(mac="00:00:00:00:00:01", device_id=4711))
