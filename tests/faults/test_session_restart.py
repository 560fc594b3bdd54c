"""Sessions over restarts: what was open goes on, what ended does not come back, and no database means none."""

from __future__ import annotations

from lab_home import SECRET, Home
from nac_server import Server, serving, until
from nas import ACCESS_ACCEPT, Nas, mab
from sqlalchemy import select

from nac.db.schema import LiveSession
from nac.sessions.query import SessionFilter, newest


def stored_sessions(server: Server) -> list[str] | None:
    """The ids of the sessions that the database has as open, None while it has none."""
    with server.database.read() as session:
        return [one.id for one in newest(session, SessionFilter(opened=True), 10)] or None


def open_one(server: Server, printer: str) -> str:
    with Nas(server.v4, secret=SECRET) as switch:
        assert switch.ask(mab(printer)).code == ACCESS_ACCEPT
    return until(lambda: stored_sessions(server), "the session is stored", why=server.log)[0]


def test_an_open_session_goes_on_after_a_restart(home: Home) -> None:
    printer = home.add_printer()
    with serving(home) as server:
        session = open_one(server, printer)
        assert server.counter("sessions.open") == 1
    with serving(home) as server:
        assert server.counter("sessions.open") == 1
        assert stored_sessions(server) == [session]


def test_a_session_goes_on_after_a_kill(home: Home) -> None:
    printer = home.add_printer()
    server = Server(home)
    server.wait_until_ready()
    open_one(server, printer)
    server.kill()
    with serving(home) as again:
        assert again.counter("sessions.open") == 1


def test_a_session_that_the_database_has_as_over_does_not_come_back(home: Home) -> None:
    printer = home.add_printer()
    with serving(home) as server:
        open_one(server, printer)
    with serving(home) as server, server.database.write() as session:
        session.scalars(select(LiveSession)).one().closed_us = 1
    with serving(home) as server:
        assert server.counter("sessions.open") == 0
