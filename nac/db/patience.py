"""PostgreSQL that is silent: a statement that is not answered in time ends its connection.

A server whose processes are stopped, or that a firewall forgot, keeps its connections open and says nothing; no timeout
of the server or of TCP ends that wait.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from functools import partial
from typing import Any, Final, TypeVar

import psycopg
from psycopg.abc import PQGen
from sqlalchemy import Engine, event

CONNECT_S: Final = 5
"""How long making a connection may take."""

_LOOK_S: Final = 0.1

_T = TypeVar("_T")


class PatientConnection(psycopg.Connection[Any]):
    """Raises `psycopg.OperationalError`, and is closed, when one wait takes longer than `patience_s`."""

    patience_s: float | None = None

    def wait(self, gen: PQGen[_T], interval: float = _LOOK_S, timeout: float | None = None) -> _T:
        """As psycopg waits, with an end."""
        if self.patience_s is not None:
            gen, interval = self._bounded(gen, time.monotonic() + self.patience_s), min(interval, _LOOK_S)
        return super().wait(gen, interval, timeout)

    def _bounded(self, gen: PQGen[_T], deadline: float) -> Generator[Any, Any, _T]:
        try:
            wanted = next(gen)
            while True:
                ready = yield wanted
                if not ready and time.monotonic() > deadline:
                    gen.close()
                    self.close()
                    raise psycopg.OperationalError(f"no answer within {self.patience_s:g} s")
                wanted = gen.send(ready)
        except StopIteration as done:
            return done.value  # type: ignore[no-any-return]


def bound_waits(engine: Engine, patience_s: float | None) -> None:
    """Let the engine make such connections."""
    event.listen(engine, "do_connect", partial(_connect, patience_s))


def _connect(
    patience_s: float | None, _dialect: object, _record: object, arguments: list[Any], settings: dict[str, Any]
) -> PatientConnection:
    connection = PatientConnection.connect(*arguments, **settings)
    connection.patience_s = patience_s
    return connection
