"""PostgreSQL stopped, frozen, locked, read-only, restarted: answers go on, nothing is lost, nothing is there twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from accounting_nas import AccountingNas
from lab_home import SECRET, Home
from nac_server import drained, serving, until
from nas import ACCESS_ACCEPT, Nas, mab
from sqlalchemy import text
from test_journal_faults import accounting_address, stored

from lab.postgresql import PostgreSql
from nac.db import Database, upgrade
from nac.db.engine import CONNECTIONS
from nac.errors import StorageError

Fault = Callable[[PostgreSql, str], AbstractContextManager[None]]


@pytest.fixture(scope="module")
def fragile() -> Iterator[PostgreSql]:
    """A server of this file's own."""
    server = PostgreSql()
    try:
        server.start()
        yield server
    finally:
        server.close()


@pytest.fixture
def name(fragile: PostgreSql) -> str:
    """A new database."""
    url = fragile.new_database()
    upgrade(url)
    return url.partition("@/")[2].partition("?")[0]


@pytest.fixture
def home(fragile: PostgreSql, name: str, tmp_path: Path) -> Home:
    home = Home(tmp_path / "home", settings={"database.url": fragile.url(name)})
    home.add_client("switch", "127.0.0.1", "--rate", "1000000", "--burst", "1000000")
    return home


@contextmanager
def stopped(server: PostgreSql, _name: str) -> Iterator[None]:
    server.stop()
    try:
        yield
    finally:
        server.start()


@contextmanager
def frozen(server: PostgreSql, _name: str) -> Iterator[None]:
    server.freeze()
    try:
        yield
    finally:
        server.thaw()


@contextmanager
def locked(server: PostgreSql, name: str) -> Iterator[None]:
    """As a long maintenance statement does: every statement on the table waits."""
    with server.connect(name) as other, other.transaction():
        other.execute("LOCK TABLE accounting IN ACCESS EXCLUSIVE MODE")
        yield


@contextmanager
def read_only(server: PostgreSql, name: str) -> Iterator[None]:
    """As a server that was failed over from."""
    server.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    end_sessions(server, name)
    try:
        yield
    finally:
        server.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only")
        end_sessions(server, name)


def end_sessions(server: PostgreSql, name: str) -> None:
    server.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")  # noqa: S608


@pytest.mark.parametrize("fault", [stopped, frozen, locked, read_only])
def test_answers_go_on_and_everything_is_stored_later(fragile: PostgreSql, name: str, home: Home, fault: Fault) -> None:
    printer = home.add_printer()
    with serving(home) as server, Nas(server.v4, secret=SECRET) as switch:
        nas = AccountingNas(accounting_address(server), SECRET)
        with nas.working():
            until(lambda: len(nas.answered) > 300 or None, "the switch is answered", why=server.log)
            with fault(fragile, name):
                before = len(nas.answered)
                until(lambda: len(nas.answered) > before + 1000 or None, "accounting goes on", why=server.log)
                assert switch.ask(mab(printer)).code == ACCESS_ACCEPT
                waiting = server.status()["database"]["waiting"]
                assert waiting >= 500, "nothing is acknowledged that is not stored"
            answered = len(nas.answered)
            until(lambda: len(nas.answered) > answered + 100 or None, "it still goes on", why=server.log)
        until(lambda: drained(server), "the journal is drained, without a restart", why=server.log)
        assert stored(server) == Counter(nas.answered)
        assert server.event(printer).result == "accept"
        # Events of the server's own may have followed.
        until(lambda: drained(server), "the rest is drained", why=server.log)
        status = server.status()["database"]
        assert (status["engine"], status["error"]) == ("postgresql", None)
        assert server.counter("events.dropped") == 0


def test_a_database_that_is_away_is_told_and_the_connections_are_bounded(
    fragile: PostgreSql, name: str, home: Home
) -> None:
    with serving(home) as server:
        nas = AccountingNas(accounting_address(server), SECRET)
        with nas.working():
            with locked(fragile, name):
                until(lambda: server.status()["database"]["error"], "it is told", why=server.log)
                assert "lock timeout" in server.status()["database"]["error"]
                with fragile.connect() as other:
                    query = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s"
                    found = other.execute(query, (name,)).fetchone()
                    assert found is not None
                    assert found[0] <= CONNECTIONS + 1, "the one that holds the lock is not nac's"
            until(lambda: server.status()["database"]["error"] is None or None, "it ends by itself", why=server.log)


def test_restarts_under_load_lose_nothing(fragile: PostgreSql, home: Home) -> None:
    with serving(home) as server:
        nas = AccountingNas(accounting_address(server), SECRET)
        with nas.working():
            for _ in range(3):
                before = len(nas.answered)
                until(lambda before=before: len(nas.answered) > before + 300 or None, "it is answered", why=server.log)
                fragile.stop()
                fragile.start()
        until(lambda: drained(server), "the journal is drained", why=server.log)
        assert stored(server) == Counter(nas.answered)


def test_a_silent_server_ends_the_wait(fragile: PostgreSql, name: str) -> None:
    database = Database.open(fragile.url(name), patience_s=0.5)
    with pytest.raises(StorageError, match="no answer within"):
        ask_while_frozen(database, fragile, name)
    with database.read() as session:
        session.connection()
    database.close()


def ask_while_frozen(database: Database, server: PostgreSql, name: str) -> None:
    """On a connection that is there already."""
    with database.read() as session:
        session.connection()
        with frozen(server, name):
            session.execute(text("SELECT 1"))
