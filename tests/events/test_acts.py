"""Acts of administrators on their way: audit row -> journal -> its place in the database, and the other way round."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import insert

from nac.db import Database, upgrade
from nac.db.audit import Actor, AuditFilter, newest, record
from nac.db.schema import AdminAudit
from nac.events.acts import LONGEST, Acts, places
from nac.events.store import EventStore, ReceivedEvent
from nac.events.types import AdminEvent, decode, decode_header

NODE, OTHER = "a" * 32, "b" * 32
MAX_TOLD_EVENT = 65_536


@dataclass
class Journal:
    """What a data plane was told; its sequences begin at 1."""

    told: list[bytes] = field(default_factory=list)

    def generation(self) -> int:
        return 4

    def record_event(self, event: bytes) -> None:
        assert len(event) <= MAX_TOLD_EVENT
        self.told.append(event)

    @property
    def acts(self) -> list[AdminEvent]:
        acts = [decode(raw) for raw in self.told]
        assert all(isinstance(act, AdminEvent) for act in acts)
        return acts  # type: ignore[return-value]

    def drain(self, database: Database, node: str = NODE) -> None:
        batch = [ReceivedEvent(raw, decode_header(raw), number) for number, raw in enumerate(self.told, start=1)]
        EventStore(database, node=node).insert(batch)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    url = f"sqlite:///{tmp_path}/nac.db"
    upgrade(url)
    database = Database.open(url)
    yield database
    database.close()


def act(database: Database, subject: str, detail: str = "") -> None:
    with database.write() as rows:
        record(rows, Actor("root"), "device disable", subject, detail)


def begin(database: Database) -> Acts:
    with database.read() as rows:
        return Acts(rows)


def take(acts: Acts, database: Database, journal: Journal, node: str = NODE) -> None:
    with database.read() as rows:
        unseen = acts.unseen(rows, node=node)
    acts.taken(unseen, journal)


def taken(database: Database) -> list[tuple[str, list[tuple[str, int, int]]]]:
    with database.read() as session:
        rows = newest(session, AuditFilter(), 10)
        found = places(session, rows)
        return [(row.subject, [(one.node, one.sequence, one.generation) for one in found[row.id]]) for row in rows]


def test_what_commands_did_stands_in_the_journal_once_and_in_order(database: Database) -> None:
    act(database, "before")
    acts, journal = begin(database), Journal()
    act(database, "x")
    act(database, "y")
    take(acts, database, journal)
    take(acts, database, journal)
    assert [(one.subject, one.generation) for one in journal.acts] == [("x", 4), ("y", 4)]
    journal.drain(database)
    journal.drain(database)
    assert taken(database) == [("before", []), ("x", [(NODE, 1, 4)]), ("y", [(NODE, 2, 4)])]


def test_each_server_has_it_in_its_own_journal(database: Database) -> None:
    both = [(begin(database), Journal()), (begin(database), Journal())]
    act(database, "x")
    for (acts, journal), node in zip(both, (NODE, OTHER), strict=True):
        take(acts, database, journal, node)
        journal.drain(database, node)
    assert taken(database) == [("x", [(NODE, 1, 4), (OTHER, 1, 4)])]


def test_what_the_server_did_has_its_row_from_the_journal(database: Database) -> None:
    acts, journal = begin(database), Journal()
    done = AdminEvent(
        at=5_000_000, generation=4, actor="root", action="session reauth", subject="s", detail="", audit=None
    )
    journal.record_event(msgspec.json.encode(done))
    journal.drain(database)
    journal.drain(database)
    assert taken(database) == [("s", [(NODE, 1, 4)])]
    with database.read() as rows:
        (row,) = newest(rows, AuditFilter(action="session"), 10)
        assert (row.at, row.actor) == (5, "root")
    take(acts, database, journal)
    assert len(journal.told) == 1, "what came from a journal does not go there again"


def test_a_row_that_appears_late_is_not_missed(database: Database) -> None:
    """PostgreSQL gives numbers before it commits."""
    acts, journal = begin(database), Journal()
    line = {"at": 5, "actor": "root", "action": "device add", "detail": ""}
    for number in (2, 1):
        with database.write() as rows:
            rows.execute(insert(AdminAudit).values(id=number, subject=str(number), **line))
        take(acts, database, journal)
    assert [one.subject for one in journal.acts] == ["2", "1"]


def test_a_long_text_is_cut_in_the_journal_and_whole_in_the_audit(database: Database) -> None:
    acts, journal = begin(database), Journal()
    act(database, "x", "\x01" * 100_000)
    take(acts, database, journal)
    assert len(journal.acts[0].detail) == LONGEST
    with database.read() as rows:
        assert len(newest(rows, AuditFilter(), 1)[0].detail) == 100_000
