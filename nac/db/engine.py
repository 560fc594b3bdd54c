"""Connections: `Database.read()` and `Database.write()` give a session for one transaction.

SQLite runs in WAL mode through pysqlite3, whose library is newer than the 3.7.0-3.51.2 that can corrupt a WAL
database. A writer takes its lock at the start (BEGIN IMMEDIATE), so it never fails half-way for another's write.
Every fault of the database leaves here as `StorageError`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

from pysqlite3 import dbapi2
from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.engine.url import URL
from sqlalchemy.exc import ArgumentError, DataError, IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Session

from nac.errors import StorageError, UnstorableError

SCHEMA_VERSION: Final = "0010"
"""The newest migration; `tests/db` compares it with the scripts."""

OLDEST_SQLITE: Final = (3, 51, 3)
CACHE_KIB: Final = 32 * 1024
CHECKPOINT_PAGES: Final = 8192
"""Pages of an index are written in no order: kept in memory, and gathered over more transactions than by default, they
are read seldom and written once.
"""

BUSY_TIMEOUT_MS: Final = 5000
"""How long a statement waits for another's write before the database counts as locked."""

CONNECTIONS: Final = 8
"""To PostgreSQL, at most: whoever wants another waits for `BUSY_TIMEOUT_MS`."""


class Database:
    """One database, opened. Sessions may be used from any thread, each by one at a time."""

    def __init__(self, engine: Engine) -> None:
        one_state = {"isolation_level": "REPEATABLE READ"} if engine.dialect.name == "postgresql" else {}
        self._engine = engine.execution_options(**one_state)
        self._writer = engine.execution_options(nac_write=True)

    @classmethod
    def open(cls, url: str, *, busy_timeout_ms: int = BUSY_TIMEOUT_MS, patience_s: float | None = None) -> Database:
        """Open a database that has this version's schema. Raises `StorageError`, also when it needs `upgrade`.

        `patience_s`: how long one statement of PostgreSQL may take; None for as long as it likes.
        """
        engine = create(url, busy_timeout_ms=busy_timeout_ms, patience_s=patience_s)
        with storage_errors(engine.url):
            require_file(engine.url)
            with engine.connect() as connection:
                found = schema_version(connection)
        if found != SCHEMA_VERSION:
            engine.dispose()
            raise _wrong_version(engine.url, found)
        return cls(engine)

    @property
    def engine_name(self) -> str:
        """`sqlite` or `postgresql`."""
        return self._engine.dialect.name

    @property
    def engine_version(self) -> str:
        """Of SQLite's library, or of the PostgreSQL server."""
        if self.engine_name == "sqlite":
            return str(dbapi2.sqlite_version)
        return ".".join(map(str, self._engine.dialect.server_version_info or ()))

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session that sees one consistent state. Raises `StorageError`."""
        with storage_errors(self._engine.url), Session(self._engine) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session that is committed at the end, or rolled back when the block raises. Raises `StorageError`."""
        with storage_errors(self._engine.url), Session(self._writer) as session, session.begin():
            session.connection()  # takes SQLite's write lock now, not at the first statement
            yield session

    def close(self) -> None:
        """Close all connections. Idempotent."""
        self._engine.dispose()


def create(url: str, *, busy_timeout_ms: int = BUSY_TIMEOUT_MS, patience_s: float | None = None) -> Engine:
    """An engine with our settings. Raises `StorageError` for a URL or an SQLite library that is not usable."""
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() == "postgresql":
            return _create_postgresql(parsed, busy_timeout_ms, patience_s)
        if parsed.get_backend_name() != "sqlite":
            raise ArgumentError(parsed.drivername)
    except ArgumentError as error:
        raise StorageError(
            "the database URL is not usable", fix="write it like sqlite:////var/lib/nac/nac.db (database.url)"
        ) from error
    except ModuleNotFoundError as error:
        raise StorageError(
            f"the driver {error.name} for {describe(parsed)} is not installed",
            fix="pip install --require-hashes -r requirements-postgresql.txt",
        ) from error
    if dbapi2.sqlite_version_info < OLDEST_SQLITE:
        raise StorageError(
            f"SQLite {dbapi2.sqlite_version} can corrupt a database that is written and read at once",
            fix="install pysqlite3 0.6.1 or newer, which brings its own SQLite",
        )
    engine = create_engine(parsed.set(drivername="sqlite+pysqlite"), module=dbapi2)
    event.listen(engine, "connect", partial(_prepare_sqlite, busy_timeout_ms))
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _create_postgresql(url: URL, busy_timeout_ms: int, patience_s: float | None) -> Engine:
    """What the URL says of timeouts stands behind ours, and so holds. The server ends what we no longer wait for."""
    from nac.db.patience import CONNECT_S, bound_waits

    ours = {"lock_timeout": busy_timeout_ms, "statement_timeout": int((patience_s or 0) * 1000)}
    options = " ".join([*(f"-c {name}={value}" for name, value in ours.items()), str(url.query.get("options", ""))])
    url = url.set(drivername="postgresql+psycopg").update_query_dict(
        {"connect_timeout": str(url.query.get("connect_timeout", CONNECT_S)), "options": options}
    )
    engine = create_engine(
        url,
        pool_pre_ping=True,
        pool_size=CONNECTIONS // 2,
        max_overflow=CONNECTIONS - CONNECTIONS // 2,
        pool_timeout=busy_timeout_ms / 1000,
    )
    bound_waits(engine, patience_s)
    return engine


def exists(url: str) -> bool:
    """False for an SQLite file that is not there yet. Raises `StorageError` for a URL that is not usable."""
    engine = create(url)
    engine.dispose()
    return not _is_missing_file(engine.url)


def schema_version(connection: Connection) -> str | None:
    """The migration that the database has; None when it has no schema at all."""
    if not connection.dialect.has_table(connection, "alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


@contextmanager
def storage_errors(url: URL) -> Iterator[None]:
    """Turn what SQLAlchemy raises into `StorageError` that names the database (its password left out)."""
    try:
        yield
    except (DataError, IntegrityError) as error:
        raise UnstorableError(
            f"{describe(url)}: {said(error)}", fix="what was to be written does not fit; please report it"
        ) from error
    except SQLAlchemyError as error:
        cause = said(error)
        raise StorageError(f"{describe(url)}: {cause}", fix=_fix(cause)) from error


def said(error: SQLAlchemyError) -> str:
    """The first line: what follows is the statement, or a hint to change nac's code."""
    return next(iter(str(getattr(error, "orig", None) or error).splitlines()), type(error).__name__)


def describe(url: URL) -> str:
    """A name of the database that can be shown: a file's path, or where PostgreSQL is, without a password."""
    if url.get_backend_name() == "sqlite":
        return f"database {url.database or 'in memory'}"
    where = url.query.get("host") or url.host or "the local socket"
    return f"database {url.database or url.username} at {where}"


def require_file(url: URL) -> None:
    """Refuse to make an empty SQLite file by opening it: a mistyped path is an error. Raises `StorageError`."""
    if _is_missing_file(url):
        raise StorageError(f"{describe(url)} does not exist", fix="run `nac init`, or correct database.url in nac.toml")


def _is_missing_file(url: URL) -> bool:
    return url.get_backend_name() == "sqlite" and bool(url.database) and not Path(url.database or "").exists()


def _prepare_sqlite(busy_timeout_ms: int, connection: Any, _record: object) -> None:
    connection.isolation_level = None  # SQLAlchemy's own BEGIN below, not the driver's late one
    for pragma in (
        "journal_mode = WAL",
        "synchronous = NORMAL",
        f"busy_timeout = {busy_timeout_ms}",
        f"cache_size = -{CACHE_KIB}",
        f"wal_autocheckpoint = {CHECKPOINT_PAGES}",
        "foreign_keys = ON",
        "trusted_schema = OFF",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("nac_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _wrong_version(url: URL, found: str | None) -> StorageError:
    if found is None:
        return StorageError(f"{describe(url)} has no tables", fix="run `nac init`, or start `nac serve` once")
    if found > SCHEMA_VERSION:
        return StorageError(
            f"{describe(url)} was written by a newer nac (schema {found}, this one knows {SCHEMA_VERSION})",
            fix="run the newer version, or restore a backup",
        )
    return StorageError(
        f"{describe(url)} has schema {found}, this version needs {SCHEMA_VERSION}",
        fix="restart `nac serve`, which upgrades it",
    )


def _fix(cause: str) -> str:
    if "lock timeout" in cause:
        return "another session holds a lock; find it in pg_stat_activity, or try again"
    if "locked" in cause:
        return "another program holds the database; find it with `fuser` on the file, or try again"
    if "read-only transaction" in cause:
        return "PostgreSQL takes no writes: it is a standby, or default_transaction_read_only is on"
    if "readonly" in cause or "unable to open" in cause:
        return "check that this user may write the file and its directory"
    if "full" in cause:
        return "free some space on the disk"
    if "malformed" in cause or "not a database" in cause:
        return "restore a backup: the file is damaged or is not a database"
    return "check that the database runs and can be reached"
