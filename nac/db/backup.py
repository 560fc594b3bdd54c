"""A copy of the whole database, taken while it is in use, and put back.

SQLite's copy is a database file, PostgreSQL's an archive of `pg_dump`. Each is consistent: one moment, whatever is
written meanwhile. A target appears whole, under its name, or not at all.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from pysqlite3 import dbapi2
from sqlalchemy import make_url, text
from sqlalchemy.engine.url import URL

from nac.db.engine import SCHEMA_VERSION, create, describe, schema_version, storage_errors
from nac.db.schema import Base
from nac.errors import ConflictError, NotFoundError, StorageError

_ARCHIVE: Final = b"PGDMP"
_PACKAGE: Final = "apt-get install postgresql-client"


def back_up(url: str, target: Path) -> None:
    """Write a copy, readable by this user alone. Raises `ConflictError` when `target` exists, or `StorageError`."""
    if target.exists():
        raise ConflictError(f"{target} exists", fix="name another file")
    parsed, unfinished = make_url(url), target.with_name(f".{target.name}.new")
    try:
        os.close(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
        if parsed.get_backend_name() == "sqlite":
            _copy_sqlite(Path(parsed.database or ""), unfinished)
        else:
            _run("pg_dump", [_connection_string(parsed), "--format=custom", f"--file={unfinished}"], parsed)
        _make_durable(unfinished)
        unfinished.rename(target)
    except OSError as error:
        raise StorageError(f"{target}: {error.strerror}", fix="name a file in a folder that can be written") from error
    finally:
        unfinished.unlink(missing_ok=True)


def restore(url: str, source: Path, *, replace: bool) -> None:
    """Put a copy in the place of the database; nothing may use it. `replace`: also of one that has something in it.

    Raises `NotFoundError`, `ConflictError` (there is something in it, or somebody uses it) or `StorageError`; the
    database is as it was then.
    """
    if not source.is_file():
        raise NotFoundError(f"{source} does not exist", fix="name the file that `nac db backup` wrote")
    parsed = make_url(url)
    if not replace and _has_tables(url):
        raise ConflictError(f"{describe(parsed)} is not empty", fix="`--force` replaces all that is in it")
    if parsed.get_backend_name() == "sqlite":
        _restore_sqlite(Path(parsed.database or ""), source)
    else:
        _restore_postgresql(url, parsed, source)


def _copy_sqlite(database: Path, target: Path) -> None:
    """SQLite's online backup, in one step: what others write meanwhile is not waited for, and not in it."""
    try:
        with closing(dbapi2.connect(str(database))) as origin, closing(dbapi2.connect(str(target))) as copy:
            origin.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")
    except dbapi2.Error as error:
        raise StorageError(f"{database}: {error}", fix="see whether there is room for the copy") from error


def _restore_sqlite(database: Path, source: Path) -> None:
    unfinished = database.with_name(f".{database.name}.new")
    try:
        database.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
        shutil.copyfile(source, unfinished)
        _require_whole(unfinished, source)
        _make_durable(unfinished)
        for beside in ("-wal", "-shm"):
            database.with_name(database.name + beside).unlink(missing_ok=True)
        unfinished.rename(database)
        _make_durable(database.parent)
    except OSError as error:
        raise StorageError(f"{database}: {error.strerror}", fix="check that this user may write there") from error
    finally:
        unfinished.unlink(missing_ok=True)


def _require_whole(copy: Path, source: Path) -> None:
    try:
        with closing(dbapi2.connect(str(copy))) as connection:
            said = connection.execute("PRAGMA integrity_check").fetchone()[0]
            version = connection.execute("SELECT version_num FROM alembic_version").fetchone()[0]
    except (dbapi2.Error, TypeError) as error:
        raise StorageError(f"{source} is no copy of a database of nac: {error}", fix="name another backup") from error
    if said != "ok":
        raise StorageError(f"{source} is damaged: {said}", fix="name another backup")
    if version > SCHEMA_VERSION:
        raise StorageError(
            f"{source} was written by a newer nac (schema {version})", fix="restore it with the newer version"
        )


def _restore_postgresql(url: str, parsed: URL, source: Path) -> None:
    with source.open("rb") as archive:
        if archive.read(len(_ARCHIVE)) != _ARCHIVE:
            raise StorageError(f"{source} is no archive of pg_dump", fix="name a file that `nac db backup` wrote")
    _require_unused(url, parsed)
    ours = ", ".join(["alembic_version", *Base.metadata.tables])
    with TemporaryDirectory() as folder:
        script = Path(folder) / "restore.sql"
        _run("pg_restore", ["--no-owner", f"--file={script}", str(source)])
        options = ["--quiet", "--no-psqlrc", "--single-transaction", "--set=ON_ERROR_STOP=1"]
        steps = [f"--command=DROP TABLE IF EXISTS {ours} CASCADE", f"--file={script}"]
        _run("psql", [_connection_string(parsed), *options, *steps], parsed)


def _require_unused(url: str, parsed: URL) -> None:
    """Servers of other nodes hold connections too."""
    engine = create(url)
    others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    try:
        with storage_errors(parsed), engine.connect() as connection:
            count = connection.scalar(text(others)) or 0
    finally:
        engine.dispose()
    if count:
        raise ConflictError(f"{describe(parsed)} is in use by {count} connections", fix="stop `nac serve` on all nodes")


def _has_tables(url: str) -> bool:
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        path = Path(parsed.database or "")
        return path.exists() and path.stat().st_size > 0
    engine = create(url)
    try:
        with storage_errors(parsed), engine.connect() as connection:
            return schema_version(connection) is not None
    finally:
        engine.dispose()


def _connection_string(url: URL) -> str:
    """Without the password: arguments are for everybody to read."""
    return f"--dbname={url.set(drivername='postgresql', password=None).render_as_string(hide_password=False)}"


def _run(program: str, options: Sequence[str], url: URL | None = None) -> None:
    secret = {"PGPASSWORD": str(url.password)} if url is not None and url.password else {}
    try:
        done = subprocess.run(
            [program, *options], env=dict(os.environ, **secret), capture_output=True, text=True, check=False
        )
    except FileNotFoundError as error:
        raise StorageError(f"{program} is not installed", fix=_PACKAGE) from error
    if done.returncode:
        said = done.stderr.strip().splitlines() or [f"it ended with {done.returncode}"]
        raise StorageError(f"{program}: {said[0].removeprefix(f'{program}: ')}", fix="nothing was changed")


def _make_durable(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
