"""How fast the drain stores accounting records, in each database: `nac.events` itself, fed from memory."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import msgspec

from lab.postgresql import PostgreSql
from nac.db import Database, partitions, upgrade
from nac.events.drain import Drain
from nac.events.store import EventStore
from nac.events.types import AccountingEvent, NasPort

RECORDS: Final = 200_000
SESSIONS: Final = 40_000
"""Each has five records: a Start, three Interim-Updates and a Stop."""

_BEGIN_US: Final = 1_790_000_000_000_000
_INTERVAL_S: Final = 600
_CLIENTS: Final = 200


@dataclass(frozen=True)
class Drained:
    """One run. `process_us` and `server_us`: CPU time for each record of this process and of the database's server,
    which SQLite has none of; `seconds`: everything, by the clock."""

    database: str
    records: int
    seconds: float
    process_us: float
    server_us: float

    @property
    def rate(self) -> float:
        """Records a second."""
        return self.records / self.seconds


@dataclass(frozen=True)
class _Health:
    last: int
    alarm: Literal["failing", "full", "filling"] | None = None


class _Journal:
    """Records that wait, as `nac._dataplane.DataPlane` gives them."""

    def __init__(self, records: list[bytes]) -> None:
        self._records = records

    def read_journal(self, *, after: int, most: int, timeout_ms: int) -> list[tuple[int, bytes]]:
        return list(enumerate(self._records[after : after + most], after + 1))

    def acknowledge(self, sequence: int) -> None:
        """Nothing is kept of what was stored."""

    def journal_state(self) -> _Health:
        return _Health(len(self._records))

    def wait_events(self, *, timeout_ms: int, gather_ms: int = 0, max_events: int = 4096) -> list[bytes]:
        return []


def measure(folder: Path, rounds: int) -> list[Drained]:
    """Into a new database each time: SQLite on this disk, PostgreSQL that makes every commit durable."""
    records = list(_records())
    folder.mkdir(parents=True, exist_ok=True)
    runs = [_run("SQLite", f"sqlite:///{folder / f'{number}.db'}", records) for number in range(rounds)]
    server = PostgreSql(settings=("shared_buffers=256MB", "max_wal_size=4GB"))
    try:
        server.start()
        runs += [_run("PostgreSQL", server.new_database(), records, server) for _ in range(rounds)]
    finally:
        server.close()
    return runs


def _run(name: str, url: str, records: list[bytes], server: PostgreSql | None = None) -> Drained:
    upgrade(url)
    database = Database.open(url)
    try:
        partitions.prepare(database, now=_BEGIN_US // 1_000_000)
        drain = Drain(_Journal(records), EventStore(database, node="0" * 32))
        before = server.cpu_s() if server else 0.0
        begun, cpu = time.perf_counter(), time.process_time()
        while drain.step(timeout_ms=0):
            pass
        seconds, cpu = time.perf_counter() - begun, time.process_time() - cpu
        served = server.cpu_s() - before if server else 0.0
        if drain.counters().stored != len(records):
            raise RuntimeError(f"{name} stored {drain.counters().stored} of {len(records)} records")
    finally:
        database.close()
    return Drained(name, len(records), seconds, cpu / len(records) * 1e6, served / len(records) * 1e6)


def _records() -> Iterator[bytes]:
    """Five rounds over all sessions, in the order in which a campus tells them."""
    rounds = ("start", "interim-update", "interim-update", "interim-update", "stop")
    for (number, status), session in itertools.product(enumerate(rounds), range(SESSIONS)):
        yield msgspec.json.encode(_record(status, number, session))


def _record(status: str, number: int, session: int) -> AccountingEvent:
    at = _BEGIN_US + (number * _INTERVAL_S * SESSIONS + session * _INTERVAL_S) * 1_000_000 // SESSIONS
    client = f"switch-{session % _CLIENTS}"
    octets = None if status == "start" else number * 40_000_000 + session
    packets = None if octets is None else octets // 1000
    return AccountingEvent(
        at=at,
        happened_at=at,
        client=client,
        source=f"192.0.2.{session % _CLIENTS}:50123",
        generation=7,
        status=status,
        session_id=f"{session:08X}",
        multi_session_id=None,
        decision=f"{session:032x}",
        classes=[f"{session:032x}"],
        nas=NasPort(client, "192.0.2.1", session, f"Gi1/0/{session % 48}", "Ethernet", None, None),
        mac="02-00-" + "-".join(f"{octet:02X}" for octet in session.to_bytes(4, "big")),
        user_name=f"user-{session}@corp.example",
        addresses=["198.51.100.7"],
        delay=0,
        event_timestamp=at // 1_000_000,
        session_time=None if octets is None else number * _INTERVAL_S,
        input_octets=octets,
        output_octets=octets,
        input_packets=packets,
        output_packets=packets,
        terminate_cause="user-request" if status == "stop" else None,
        attributes=[],
    )
