"""The thread that takes reports: batches, restarts, graces that end, a database that is away, and a flat memory."""

from __future__ import annotations

import gc
import json
import os
import queue
import threading
import tracemalloc
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
import pytest
from holders import Holder, holder, policy
from reporter import b64, checks, claims, jws
from sqlalchemy import func, select

from nac.db import Database
from nac.db.audit import Actor
from nac.db.schema import Device, PostureAgent, PostureChange, PostureFinding, PostureVerdict
from nac.errors import StorageError
from nac.events.types import PostureRefusedEvent
from nac.identity.devices import DeviceChange, Devices, NewDevice
from nac.identity.name import Name
from nac.posture.assessment import Assessment, Submission
from nac.posture.freshness import Ages
from nac.posture.nonces import Nonces
from nac.posture.report import Signer
from nac.posture.rows import MAX_CHANGES
from nac.posture.store import Rules
from nac.posture.told import Refusals

START = 1_790_000_000
PATIENCE_S = 30.0
TEXT = "posture p { require disk_encryption require firewall require automatic_updates grace 1h for automatic_updates }"


class Desk:
    """An assessment with a clock of its own; `published`: what the data plane was told of, in order."""

    def __init__(self, database: Database, text: str = TEXT) -> None:
        self.now = float(START)
        self.database = database
        self.nonces = Nonces()
        self.published: queue.SimpleQueue[frozenset[int]] = queue.SimpleQueue()
        self.rules = Rules(policy(text), Ages(600, 3600, 86400), keep_values=True)
        self.told: list[PostureRefusedEvent] = []
        self.refusals = Refusals(self._tell, clock=lambda: self.now)
        self.assessment = Assessment(
            database,
            self.nonces,
            rules=lambda: self.rules,
            publish=self._publish,
            refusals=self.refusals,
            clock=lambda: self.now,
        )

    def _publish(self, ids: Collection[int]) -> None:
        if ids:
            self.published.put(frozenset(ids))

    def _tell(self, event: bytes) -> None:
        self.told.append(msgspec.json.decode(event, type=PostureRefusedEvent))

    def report(self, who: Holder, counter: int, **said: Any) -> Callable[[], tuple[int, Any]]:
        """Hand a report in; what is returned waits for the answer."""
        nonce = self.nonces.give(who.signer.fingerprint, now=int(self.now)).text
        told = claims(who.signer.names[0], nonce, counter=counter, iat=int(self.now), said=said)
        return self.hand_in(who.signer, jws(who.key, who.signer.certificate, told, alg=ALG))

    def hand_in(self, signer: Signer, body: bytes) -> Callable[[], tuple[int, Any]]:
        answers: queue.SimpleQueue[tuple[int, bytes]] = queue.SimpleQueue()
        self.assessment.submit(Submission(body, signer, "192.0.2.7", lambda status, body: answers.put((status, body))))

        def answer() -> tuple[int, Any]:
            status, body = answers.get(timeout=PATIENCE_S)
            return status, json.loads(body)

        return answer


ALG = "EdDSA"


@contextmanager
def desk(database: Database, text: str = TEXT) -> Iterator[Desk]:
    made = Desk(database, text)
    try:
        yield made
    finally:
        made.assessment.close()


def add(database: Database, *names: str) -> list[Holder]:
    with database.write() as session:
        devices = Devices(session, actor=Actor("test"), now=START)
        for name in names:
            devices.add(NewDevice(Name.parse(name), managed=True))
    return [holder("ed25519", name) for name in names]


def status_of(database: Database, name: str) -> str | None:
    with database.read() as session:
        return session.scalars(select(Device.posture_status).where(Device.key == name)).one()


def status_and_due(database: Database, name: str) -> tuple[str, int | None]:
    with database.read() as session:
        row = session.scalars(select(PostureVerdict).join(Device).where(Device.key == name)).one()
        return row.status, row.changes_at


def test_what_waits_is_taken_together_and_told_before_it_is_answered(database: Database) -> None:
    holders = add(database, *(f"laptop-{number}" for number in range(40)))
    with desk(database) as made:
        answers = [made.report(one, 1) for one in holders]
        assert {answer()[0] for answer in answers} == {200}
        batches = []
        while not made.published.empty():
            batches.append(made.published.get())
        assert len(frozenset().union(*batches)) == 40
        assert len(batches) < 40, "one transaction for many"


def test_a_stranger_is_refused_and_nobody_else_suffers(database: Database) -> None:
    (mine,) = add(database, "laptop-17")
    with desk(database) as made:
        stranger = made.report(holder("ed25519", "laptop-99"), 1)
        forged = made.hand_in(mine.signer, b"a.b.c")
        good = made.report(mine, 1)
        assert (stranger()[1]["error"], forged()[1]["error"], good()[0]) == ("unknown_device", "malformed", 200)
        counters = made.refusals.counters()
    assert {(one.word, one.device, one.names[0]) for one in made.told} == {
        ("unknown_device", None, "laptop-99"),
        ("malformed", "laptop-17", "laptop-17"),
    }
    assert counters["posture.refused.unknown_device"] == counters["posture.refused.malformed"] == 1
    with database.read() as session:
        found = session.execute(select(PostureFinding.kind, PostureFinding.count)).all()
    assert [tuple(row) for row in found] == [("refused_malformed", 1)]


def test_a_grace_ends_by_the_clock_alone(database: Database) -> None:
    mine, other = add(database, "laptop-17", "laptop-18")
    with desk(database) as made:
        answer = made.report(mine, 1, checks=checks(automatic_updates=("fail", False)))()[1]
        assert (answer["status"], answer["failed"][0]["grace_until"]) == ("degraded", START + 3600)
        (one,) = made.published.get(timeout=PATIENCE_S)
        made.now += 3600
        made.report(other, 1)()  # the thread sleeps by another clock than ours: this wakes it
        while one not in made.published.get(timeout=PATIENCE_S):
            pass  # the other's report may be judged before or together with it
        assert status_of(database, "laptop-17") == "unhealthy"


def test_another_policy_judges_everybody_anew(database: Database) -> None:
    holders = add(database, "laptop-1", "laptop-2")
    with desk(database) as made:
        for one in holders:
            assert made.report(one, 1, checks=checks(rogue_notebook=("fail", ["jupyter"])))()[1]["status"] == "healthy"
            made.published.get(timeout=PATIENCE_S)
        made.rules = Rules(policy("posture p { forbid rogue_notebook }"), made.rules.ages, keep_values=True)
        made.assessment.policy_changed()
        assert len(made.published.get(timeout=PATIENCE_S)) == 2
        assert {status_of(database, f"laptop-{number}") for number in (1, 2)} == {"unhealthy"}


@pytest.mark.parametrize("tag", ["ml", "desk"])
def test_a_device_whose_record_changes_is_judged_by_its_last_report(database: Database, tag: str) -> None:
    (mine,) = add(database, "laptop-17")
    strict = 'posture p { require firewall } posture q { applies when device.tags has "ml" require disk_encryption }'
    with desk(database, strict) as made:
        made.report(mine, 1, checks=checks(disk_encryption=("fail", False)))()
        made.published.get(timeout=PATIENCE_S)
        with database.write() as session:
            devices = Devices(session, actor=Actor("test"), now=START)
            devices.change("laptop-17", DeviceChange(add_tags=(Name.parse(tag),)))
        made.assessment.judge_changed()
        status, changes_at = status_and_due(database, "laptop-17")
    assert (status, changes_at) == ("unhealthy" if tag == "ml" else "healthy", None)
    with database.read() as session:
        reasons = list(session.scalars(select(PostureChange.why).order_by(PostureChange.id)))
    assert reasons == ["report by agent", "the record is another"][: 2 if tag == "ml" else 1]


def test_a_policy_that_changed_while_the_server_was_down_counts_after_its_start(database: Database) -> None:
    (mine,) = add(database, "laptop-17")
    with desk(database) as made:
        made.report(mine, 1, checks=checks(rogue_notebook=("fail", ["jupyter"])))()
    with desk(database, "posture p { forbid rogue_notebook }") as made:
        assert len(made.published.get(timeout=PATIENCE_S)) == 1
        assert status_of(database, "laptop-17") == "unhealthy"


def test_a_restart_in_the_middle_loses_no_verdict_and_takes_no_report_twice(database: Database) -> None:
    holders = add(database, *(f"laptop-{number}" for number in range(10)))
    with desk(database) as made:
        waiting = [made.report(one, 7) for one in holders]
    answered = [answer()[0] for answer in waiting]
    assert answered == [200] * 10, "what waits at the end is still answered"
    with desk(database) as made:
        again = [made.report(one, 7)()[1]["error"] for one in holders]
        assert again == ["replayed"] * 10
        assert [made.report(one, 8)()[0] for one in holders] == [200] * 10
    assert {status_of(database, f"laptop-{number}") for number in range(10)} == {"healthy"}


class Away:
    """A database that is away until it is back."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.back = threading.Event()

    def read(self) -> Any:
        return self._database.read()

    def write(self) -> Any:
        if not self.back.is_set():
            raise StorageError("the database is away")
        return self._database.write()


def test_a_database_that_is_away_refuses_and_the_next_report_is_taken(database: Database) -> None:
    (mine,) = add(database, "laptop-17")
    away = Away(database)
    with desk(away) as made:  # type: ignore[arg-type]
        assert made.report(mine, 1)()[1]["error"] == "unavailable"
        away.back.set()
        assert made.report(mine, 2)()[0] == 200


def test_values_are_kept_only_if_that_is_wanted(database: Database) -> None:
    (mine,) = add(database, "laptop-17")
    with desk(database) as made:
        made.rules = Rules(made.rules.postures, made.rules.ages, keep_values=False)
        made.report(mine, 1, checks=checks(plaintext_tokens=("fail", ["hub:/home/alice/.token"])))()
    with database.read() as session:
        kept = session.scalars(select(PostureVerdict.findings)).one()
    assert '"plaintext_tokens"' in kept
    assert "alice" not in kept


def test_shadow_ai_is_a_finding_while_it_lasts(database: Database) -> None:
    (mine,) = add(database, "laptop-17")
    listener = {"port": 8888, "address": "192.0.2.7", "process": "jupyter", "kind": "notebook", "token": False}
    with desk(database) as made:
        made.report(mine, 1, listeners=[listener])()
        with database.read() as session:
            (finding,) = session.scalars(select(PostureFinding)).all()
            assert (finding.kind, finding.evidence) == ("shadow_ai", "notebook jupyter on 192.0.2.7:8888")
        made.report(mine, 2, listeners=[{**listener, "address": "127.0.0.1"}])()
        with database.read() as session:
            (finding,) = session.scalars(select(PostureFinding)).all()
            assert finding.cleared_at == START


def test_load_leaves_memory_and_tables_flat(database: Database) -> None:
    """Every device reports every five minutes, a third of them another result each time. `NAC_POSTURE_DEVICES` makes it
    as large as the machine allows (`python -m lab.bench.posture --devices 100000` does it without Python's tracing)."""
    devices, rounds = int(os.environ.get("NAC_POSTURE_DEVICES", "60")), 12
    holders = add(database, *(f"laptop-{number}" for number in range(devices)))
    sizes = []
    with desk(database) as made:
        tracemalloc.start()
        for counter in range(rounds):
            made.now += 300
            flaps = [checks(firewall=("fail" if (number + counter) % 3 else "pass", None)) for number in range(devices)]
            answers = [made.report(one, counter, checks=said) for one, said in zip(holders, flaps, strict=True)]
            assert {answer()[0] for answer in answers} == {200}
            while not made.published.empty():
                made.published.get()
            gc.collect()
            sizes.append(tracemalloc.get_traced_memory()[0])
        tracemalloc.stop()
    assert min(sizes[-4:]) < min(sizes[4:8]) * 1.2, "at its lowest: what is under way at the moment comes and goes"
    with database.read() as session:
        rows = [session.scalar(select(func.count()).select_from(table)) for table in (PostureVerdict, PostureAgent)]
        changes = session.scalar(select(func.count()).select_from(PostureChange)) or 0
    assert rows == [devices, devices]
    assert changes <= devices * rounds


def test_the_history_of_a_device_is_bounded(database: Database) -> None:
    (mine,) = add(database, "laptop-17")
    with desk(database) as made:
        for counter in range(MAX_CHANGES + 5):
            made.now += 1
            made.report(mine, counter, checks=checks(firewall=("fail" if counter % 2 else "pass", None)))()
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(PostureChange)) == MAX_CHANGES


def test_nonces_are_bound_to_the_certificate(database: Database) -> None:
    mine, other = add(database, "laptop-1", "laptop-2")
    with desk(database) as made:
        nonce = made.nonces.give(other.signer.fingerprint, now=START).text
        told = claims("laptop-1", nonce, iat=START)
        status, answer = made.hand_in(mine.signer, jws(mine.key, mine.signer.certificate, told, alg=ALG))()
        assert (status, answer["error"]) == (409, "stale_nonce")
        told = claims("laptop-1", answer["nonce"], iat=START)
        assert made.hand_in(mine.signer, jws(mine.key, mine.signer.certificate, told, alg=ALG))()[0] == 200
        told = claims("laptop-1", b64(bytes(16)), counter=9, iat=START)
        assert made.hand_in(mine.signer, jws(mine.key, mine.signer.certificate, told, alg=ALG))()[0] == 409
