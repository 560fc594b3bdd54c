"""Changes in the database: the newest step of a job, the last answer of a verb, and what is forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from sessions import session, wanted

from nac.coa.history import JobFilter, job_by_id, newest_jobs, open_jobs
from nac.coa.job import Happened, Job, State, advance, event, tried
from nac.coa.learnt import lessons_of, load_learnt
from nac.coa.recipe import Verb
from nac.db import Database, upgrade
from nac.errors import NotFoundError
from nac.events.retention import Limits, delete_older
from nac.events.store import EventStore, ReceivedEvent
from nac.events.types import CoaEvent, decode_header

AT = 1_900_000_000_000_000


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    url = f"sqlite:///{tmp_path}/nac.db"
    upgrade(url)
    database = Database.open(url)
    yield database
    database.close()


def job(number: int) -> Job:
    return Job(
        id=f"{number:016x}",
        session=session(number, client="Switch"),
        reason="facts",
        wanted=wanted(),
        verbs=(Verb.REAUTHENTICATE, Verb.DISCONNECT),
        decided_at=AT + number,
        due_at=AT,
    )


NODE = "0" * 32


def store(database: Database, *events: CoaEvent, node: str = NODE) -> None:
    raws = [msgspec.json.encode(one) for one in events]
    EventStore(database, node=node).insert([ReceivedEvent(raw, decode_header(raw)) for raw in raws])


def steps(one: Job) -> list[CoaEvent]:
    """Decided, sent, refused, sent with the next verb, acknowledged, confirmed."""
    told = [event(one, AT, 1)]
    sent = advance(one, Happened.SENT, AT + 10)
    refused = advance(tried(sent, AT + 20, "nak", 405), Happened.REFUSED, AT + 20)
    again = advance(refused, Happened.SENT, AT + 30)
    acked = advance(tried(again, AT + 40, "ack"), Happened.ACKED, AT + 40)
    over = advance(acked, Happened.REACHED, AT + 50, by="authentication")
    return [*told, *(event(state, AT, 1) for state in (sent, refused, again, acked, over))]


def test_in_whatever_order_and_how_often_they_come(database: Database) -> None:
    told = steps(job(1))
    store(database, told[2], told[0])
    store(database, told[5])
    store(database, told[1])
    store(database, *told)
    with database.read() as rows:
        (found,) = newest_jobs(rows, JobFilter(), 10)
        assert found == msgspec.structs.replace(told[5], node=NODE)
        assert open_jobs(rows, node=NODE) == []
        said = [(verb, lesson.answer, lesson.error_cause) for verb, lesson in lessons_of(rows, "SWITCH")]
        assert said == [(Verb.REAUTHENTICATE, "ack", None)], "the current verb was told for both tries here"


def test_what_was_refused_for_good_is_known_after_a_restart(database: Database) -> None:
    refused = tried(advance(job(1), Happened.SENT, AT), AT, "nak", 405)
    store(database, event(refused, AT, 1))
    with database.read() as rows:
        learnt = load_learnt(rows)
    assert learnt.useless("switch", now=AT + 1) == {Verb.REAUTHENTICATE}
    assert learnt.useless("another", now=AT + 1) == frozenset()


def test_looking_for_changes(database: Database) -> None:
    done, waiting = steps(job(1)), event(job(2), AT, 1)
    store(database, *done, waiting)
    with database.read() as rows:

        def found(**filters: object) -> list[str]:
            return [one.job for one in newest_jobs(rows, JobFilter(**filters), 10)]  # type: ignore[arg-type]

        one, two = f"{1:016x}", f"{2:016x}"
        assert found() == [two, one]
        assert found(is_open=True) == [two]
        assert found(state=State.CONFIRMED.value) == [one]
        assert found(session=f"{1:032x}") == found(session=f"{1:032x}"[:32]) == [one]
        assert found(client="switch", mac="001b.7700.0001") == [two, one]
        assert found(since_us=AT + 2) == [two]
        assert found(client="elsewhere") == []
        assert job_by_id(rows, two).state == "decided"
        with pytest.raises(NotFoundError):
            job_by_id(rows, "ff")


def test_each_node_goes_on_with_its_own_jobs_and_sees_all(database: Database) -> None:
    """Two servers on one database; one of them may be gone for good."""
    other = "f" * 32
    store(database, event(job(1), AT, 1))
    store(database, event(job(2), AT, 1), node=other)
    with database.read() as rows:
        assert [one.job for one in open_jobs(rows, node=NODE)] == [f"{1:016x}"]
        assert [one.job for one in open_jobs(rows, node=other)] == [f"{2:016x}"]
        assert open_jobs(rows, node="a" * 32) == []
        shown = newest_jobs(rows, JobFilter(is_open=True), 10)
        assert [(one.job, one.node) for one in shown] == [(f"{2:016x}", other), (f"{1:016x}", NODE)]
        assert [one.job for one in newest_jobs(rows, JobFilter(node="ffff"), 10)] == [f"{2:016x}"]


def test_what_is_over_is_forgotten_after_its_time(database: Database) -> None:
    store(database, *steps(job(1)), event(job(2), AT, 1))
    assert delete_older(database, Limits.all_at(AT // 1_000_000)).rows == {}
    assert delete_older(database, Limits.all_at(AT // 1_000_000 + 1)).rows == {"coa_jobs": 1}
    with database.read() as rows:
        assert [one.job for one in newest_jobs(rows, JobFilter(), 10)] == [f"{2:016x}"]
