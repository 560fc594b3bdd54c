"""The two databases that nac runs on, for every test that takes `url`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.postgresql import PostgreSql
from nac.db import Database, upgrade


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSql]:
    """A server for all tests that do it no harm."""
    server = PostgreSql()
    try:
        server.start()
        yield server
    finally:
        server.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without tables, on each of the two engines."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/nac.db"
    server: PostgreSql = request.getfixturevalue("postgresql")
    return server.new_database()


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """A database that is up to date, where a test is about SQLite itself."""
    url = f"sqlite:///{tmp_path}/nac.db"
    upgrade(url)
    return url


@pytest.fixture
def url(empty_url: str) -> str:
    """A database that is up to date, on each of the two engines."""
    upgrade(empty_url)
    return empty_url


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    """The same, opened."""
    database = Database.open(url)
    yield database
    database.close()
