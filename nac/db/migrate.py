"""Bring a database to this version's schema: `upgrade(url)`, called by `nac init` and when `nac serve` starts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from nac.db.engine import SCHEMA_VERSION, create, describe, said, schema_version, storage_errors
from nac.errors import StorageError


def upgrade(url: str) -> None:
    """Create the database (an SQLite file gets mode 0600) or migrate it, all in one transaction.

    Does nothing when it is current; refuses one that a newer version wrote. A migration that fails leaves everything as
    it was. Raises `StorageError`.
    """
    engine = create(url)
    try:
        if engine.url.get_backend_name() == "sqlite" and engine.url.database:
            _create_file(Path(engine.url.database))
        with storage_errors(engine.url):
            writer = engine.execution_options(nac_write=True)
            with writer.connect() as connection, connection.begin():
                found = schema_version(connection)
                if found == SCHEMA_VERSION:
                    return
                if found is not None and found > SCHEMA_VERSION:
                    raise StorageError(
                        f"{describe(engine.url)} was written by a newer nac (schema {found})",
                        fix="run the newer version",
                    )
                with _explained(found):
                    _migrate(connection)
    finally:
        engine.dispose()


@contextmanager
def _explained(found: str | None) -> Iterator[None]:
    """Say of a migration that fails where the database stands now."""
    try:
        yield
    except SQLAlchemyError as error:
        fix = f"nothing was changed, it still has schema {found}: correct the cause and start again"
        raise StorageError(f"the database could not be upgraded to {SCHEMA_VERSION}: {said(error)}", fix=fix) from error


def _migrate(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(files("nac.db") / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _create_file(path: Path) -> None:
    """Identity data is nobody else's: the file and SQLite's own beside it (which take its mode) are 0600."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600, exist_ok=True)
    except OSError as error:
        raise StorageError(
            f"database {path} cannot be created: {error.strerror}", fix="check that this user may write the directory"
        ) from error
