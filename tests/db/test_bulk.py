"""Rows written back to where they were found, in PostgreSQL."""

from __future__ import annotations

import msgspec
import pytest
from sqlalchemy import select, update

from nac._dataplane import AccountingBatch
from nac.db import Database, bulk
from nac.db.schema import Base, SessionUsage

USAGE = Base.metadata.tables["session_usage"]
COLUMNS = USAGE.columns.keys()
REPLACE = "seen_us = excluded.seen_us, session_time = excluded.session_time"


def reports(minute: int, *sessions: str) -> AccountingBatch:
    told = [
        {"at": minute, "happened_at": minute, "client": "sw", "status": "interim-update", "session_id": session}
        | {"session_time": minute * 60}
        for session in sessions
    ]
    records = [(number, msgspec.json.encode(one)) for number, one in enumerate(told, 1)]
    return AccountingBatch(node="ab" * 16, records=records, form="copy")


def session_times(database: Database) -> dict[str, int | None]:
    with database.read() as session:
        return {row.session_id: row.session_time for row in session.scalars(select(SessionUsage))}


@pytest.mark.parametrize("moved", [[], ["2A"], ["2A", "2B"]])
def test_a_row_that_moved_meanwhile_is_written_all_the_same(database: Database, moved: list[str]) -> None:
    if database.engine_name != "postgresql":
        pytest.skip("SQLite has one writer at a time, and no places")
    first, second = reports(1, "2A", "2B"), reports(2, "2A", "2B", "2C")
    with database.write() as session:
        usages, _ = first.count([])
        bulk.rewrite(session, USAGE, COLUMNS, usages, REPLACE, placed=0)
    with database.write() as session:
        known = bulk.fetch(session, USAGE, COLUMNS, second.sessions())
        assert len(known) == 2
        with database.write() as other:
            other.execute(update(SessionUsage).where(SessionUsage.session_id.in_(moved)).values(input_octets=9))
        usages, _ = second.count(known)
        bulk.rewrite(session, USAGE, COLUMNS, usages, REPLACE, placed=len(known))
    assert session_times(database) == {"2A": 120, "2B": 120, "2C": 120}
    with database.read() as session:
        rows = session.scalars(select(SessionUsage).where(SessionUsage.input_octets == 9))
        assert {row.session_id for row in rows} == set(moved)
