"""Accounting in batches against a plain model that takes one record after the other and knows nothing of databases."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from nac.db import Database
from nac.db.schema import Accounting, Drained, SessionHour, SessionUsage
from nac.events.store import EventStore, ReceivedEvent
from nac.events.types import AccountingEvent, NasPort, decode_header
from nac.sessions import query
from tests.sessions.counting import Report, Usage

NODE = "ab" * 16
SECOND = 1_000_000
HOUR_US = 3600 * SECOND
NOON = 1_790_002_800 * SECOND - 1_790_002_800 * SECOND % HOUR_US
NAS = NasPort("switch", "192.0.2.1", 17, None, "Ethernet", None, None)

Key = tuple[str, str]
Totals = tuple[dict[Key, tuple[int, int, int, int, int | None, bool]], dict[tuple[int, str, str], tuple[int, int]]]

OCTETS = st.one_of(st.none(), st.integers(0, 2**40), st.sampled_from([2**32 - 1, 2**63 - 1]))
RECORDS = st.lists(
    st.builds(
        lambda status, client, session, minute, time, into, out: AccountingEvent(
            at=NOON + minute * 60 * SECOND,
            happened_at=NOON + minute * 60 * SECOND,
            client=client,
            source="192.0.2.1:1",
            generation=3,
            status=status,
            session_id=session,
            multi_session_id=None,
            decision=None,
            classes=[],
            nas=NAS,
            mac=None,
            user_name=None,
            addresses=[],
            delay=None,
            event_timestamp=None,
            session_time=time,
            input_octets=into,
            output_octets=out,
            input_packets=None,
            output_packets=None,
            terminate_cause=None,
            attributes=[],
        ),
        st.sampled_from(["start", "interim-update", "interim-update", "stop", "accounting-on", "other-15"]),
        st.sampled_from(["switch-1", "Switch-1", "switch-2"]),
        st.sampled_from(["2A", "2B", "2a", None]),
        st.integers(0, 150),
        st.one_of(st.none(), st.integers(0, 9000)),
        OCTETS,
        OCTETS,
    ),
    min_size=1,
    max_size=25,
)
CUTS = st.lists(st.tuples(st.integers(0, 25), st.integers(1, 25)), max_size=8)
"""Batches: each begins this far back from what is stored, as a journal is read again after a crash."""


def told_one_by_one(records: list[AccountingEvent]) -> Totals:
    """What the tables should have."""
    used: dict[Key, Usage] = {}
    hours: defaultdict[tuple[int, str, str], tuple[int, int]] = defaultdict(lambda: (0, 0))
    for record in records:
        if record.session_id is None or record.status not in ("start", "interim-update", "stop"):
            continue
        key = (record.client.casefold(), record.session_id)
        report = Report(
            record.status, record.happened_at, record.session_time, record.input_octets, record.output_octets
        )
        used[key], added = used[key].after(report) if key in used else Usage.begun_by(report)
        if any(added):
            hour = (record.happened_at // HOUR_US * 3600, *key)
            before = hours[hour]
            hours[hour] = (min(before[0] + added[0], 2**63 - 1), min(before[1] + added[1], 2**63 - 1))
    totals = {
        key: (one.first_us, one.seen_us, one.input_octets, one.output_octets, one.session_time, bool(one.ended))
        for key, one in used.items()
    }
    return totals, dict(hours)


def stored(database: Database) -> Totals:
    with database.read() as session:
        usages = session.scalars(select(SessionUsage)).all()
        totals = {
            (row.client, row.session_id): (
                row.first_us,
                row.seen_us,
                row.input_octets,
                row.output_octets,
                row.session_time,
                row.ended,
            )
            for row in usages
        }
        hours = {
            (hour.hour, *key): (hour.input_octets, hour.output_octets)
            for key in totals
            for hour in query.hours(session, *key, since_us=0)
        }
        assert {(row.client, row.session_id) for row in session.scalars(select(SessionHour))} <= totals.keys()
    return totals, hours


def batches(count: int, cuts: list[tuple[int, int]]) -> Iterator[range]:
    """Of indices: overlapping ones as `cuts` say, then what is left, and all of it once more."""
    done = 0
    for back, length in cuts:
        begin = max(0, done - back)
        done = max(done, min(count, begin + length))
        yield range(begin, min(count, begin + length))
    yield range(done, count)
    yield range(count)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(records=RECORDS, cuts=CUTS)
def test_in_any_batches_and_read_again_it_is_as_told_one_by_one(
    database: Database, records: list[AccountingEvent], cuts: list[tuple[int, int]]
) -> None:
    with database.write() as session:
        for table in (Accounting, SessionUsage, SessionHour, Drained):
            session.execute(delete(table))
    raws = [msgspec.json.encode(record) for record in records]
    store = EventStore(database, node=NODE)
    for batch in batches(len(raws), cuts):
        store.insert([ReceivedEvent(raws[index], decode_header(raws[index]), index + 1) for index in batch])
    assert stored(database) == told_one_by_one(records)
    with database.read() as session:
        kept = session.execute(select(Accounting.sequence, Accounting.event).order_by(Accounting.sequence)).all()
    assert [(row.sequence, row.event) for row in kept] == [(n, raw.decode()) for n, raw in enumerate(raws, 1)]


@pytest.mark.parametrize("sessions", [1, 255, 256, 257, 700])
def test_many_sessions_in_one_batch_are_found_again_in_the_next(database: Database, sessions: int) -> None:
    store = EventStore(database, node=NODE)
    for number in (1, 2):
        raws = [_interim(f"{session:04}", number) for session in range(sessions)]
        first = 1 + (number - 1) * sessions
        store.insert([ReceivedEvent(raw, decode_header(raw), n) for n, raw in enumerate(raws, first)])
    with database.read() as session:
        rows = session.scalars(select(SessionUsage)).all()
        assert len(rows) == sessions
        assert {(row.input_octets, row.session_time) for row in rows} == {(200, 1200)}


def _interim(session: str, number: int) -> bytes:
    at = NOON + number * 600 * SECOND
    said = {
        "type": "accounting",
        "at": at,
        "happened_at": at,
        "client": "switch-1",
        "status": "interim-update",
        "session_id": session,
        "decision": None,
        "mac": None,
        "user_name": None,
        "session_time": number * 600,
        "input_octets": number * 100,
        "output_octets": 0,
    }
    return msgspec.json.encode(said)
