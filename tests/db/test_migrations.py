"""The migrations give the schema that the code expects, and refuse what they do not know."""

import re
from importlib.resources import files
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from nac.db import Database, revision, upgrade
from nac.db.engine import SCHEMA_VERSION, create
from nac.db.schema import Base
from nac.errors import StorageError


def is_no_partition(name: str | None, kind: str, _parents: object) -> bool:
    return kind != "table" or not re.search(r"_(default|\d{4}_\d\d)$", name or "")


def test_migrations_give_the_tables_of_the_schema(url: str) -> None:
    with create(url).connect() as connection:
        opts = {"compare_type": True, "include_name": is_no_partition}
        context = MigrationContext.configure(connection, opts=opts)
        assert compare_metadata(context, Base.metadata) == []


def test_the_code_knows_the_newest_migration() -> None:
    config = Config()
    config.set_main_option("script_location", str(files("nac.db") / "migrations"))
    assert ScriptDirectory.from_config(config).get_current_head() == SCHEMA_VERSION


def test_upgrade_twice_keeps_what_is_there(url: str) -> None:
    with Database.open(url).write() as session:
        revision.bump(session)
    upgrade(url)
    with Database.open(url).read() as session:
        assert revision.current(session) == (1, 0)


def test_the_file_is_only_for_its_owner(tmp_path: Path) -> None:
    upgrade(f"sqlite:///{tmp_path}/state/nac.db")
    assert (tmp_path / "state/nac.db").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(("version", "says"), [("0000", "has schema 0000"), ("9999", "newer nac")])
def test_another_version_is_not_opened(url: str, version: str, says: str) -> None:
    with create(url).connect() as connection, connection.begin():
        connection.execute(text("UPDATE alembic_version SET version_num = :v"), {"v": version})
    with pytest.raises(StorageError, match=says):
        Database.open(url)


def test_upgrade_refuses_a_newer_database(url: str) -> None:
    with create(url).connect() as connection, connection.begin():
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StorageError, match="newer nac"):
        upgrade(url)


def test_opening_makes_no_file(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="does not exist") as caught:
        Database.open(f"sqlite:///{tmp_path}/typo.db")
    assert "nac init" in caught.value.fix
    assert not (tmp_path / "typo.db").exists()


def test_an_empty_file_has_no_tables(tmp_path: Path) -> None:
    (tmp_path / "nac.db").touch()
    with pytest.raises(StorageError, match="no tables"):
        Database.open(f"sqlite:///{tmp_path}/nac.db")


@pytest.mark.parametrize("url", ["nonsense", "", "mysql:", "nonsense://host/db", "postgresql://nobody@127.0.0.1:1/nac"])
def test_a_bad_url_is_an_error_of_storage(url: str) -> None:
    with pytest.raises(StorageError):
        Database.open(url)


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "nac.db").write_bytes(b"this is not a database, it only looks like a file" * 100)
    with pytest.raises(StorageError) as caught:
        upgrade(f"sqlite:///{tmp_path}/nac.db")
    assert "backup" in caught.value.fix


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="cannot be created"):
        upgrade(f"sqlite:///{tmp_path}/file/nac.db")
