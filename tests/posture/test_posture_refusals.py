"""Refused reports as events: sampled, counted, stored once, and shown where somebody looks."""

from __future__ import annotations

import msgspec
import pytest
from holders import holder

from nac.db import Database
from nac.db.audit import Actor
from nac.events.store import EventStore, ReceivedEvent
from nac.events.types import PostureRefusedEvent, decode_header
from nac.events.why import why
from nac.identity.devices import Devices, NewDevice
from nac.identity.name import Name
from nac.posture import query, told
from nac.posture.refusal import RefusedError
from nac.posture.report import Signer
from nac.posture.store import forget_older
from nac.posture.told import INTERVAL_S, Refusal, Refusals

START = 1_790_000_000
REPLAY = RefusedError("replayed", "counter 4 is not above 7")


class Desk:
    """Refusals with a clock of their own, and what was told."""

    def __init__(self) -> None:
        self.now = float(START)
        self.raw: list[bytes] = []
        self.refusals = Refusals(self.raw.append, clock=lambda: self.now)

    def refuse(self, signer: Signer | None, *, error: RefusedError = REPLAY, address: str = "192.0.2.7") -> None:
        self.refusals.note(Refusal(error, address, signer, signer.names[0] if signer else None))

    @property
    def told(self) -> list[tuple[str, str | None, int]]:
        events = [msgspec.json.decode(raw, type=PostureRefusedEvent) for raw in self.raw]
        return [(event.word, event.device, event.count) for event in events]


def signer(name: str = "laptop-17") -> Signer:
    return Signer(b"", name.encode().hex(), (name,))


def test_the_first_is_told_at_once_and_the_others_once_in_a_while_with_their_number() -> None:
    desk = Desk()
    for _ in range(1000):
        desk.refuse(signer())
    desk.refuse(signer("laptop-18"))
    assert desk.told == [("replayed", "laptop-17", 1), ("replayed", "laptop-18", 1)]
    desk.now += INTERVAL_S
    desk.refusals.tell_due()
    assert desk.told[2:] == [("replayed", "laptop-17", 999)]
    desk.refuse(signer())
    assert len(desk.told) == 3
    desk.refusals.tell_all()
    assert desk.told[3:] == [("replayed", "laptop-17", 1)]
    assert desk.refusals.counters() == {"posture.refused.replayed": 1002}


def test_another_word_of_the_same_source_is_told_at_once() -> None:
    desk = Desk()
    desk.refuse(signer())
    desk.refuse(signer(), error=RefusedError("bad_signature", "the signature does not hold"))
    assert [word for word, _, _ in desk.told] == ["replayed", "bad_signature"]


def test_a_flood_from_many_sources_is_bounded_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(told, "MAX_SOURCES", 8)
    desk = Desk()
    for number in range(100):
        desk.refuse(None, address=f"192.0.2.{number}")
    assert len(desk.told) == 8
    assert desk.refusals.counters() == {"posture.refused.replayed": 100}
    desk.now += 2 * INTERVAL_S
    desk.refuse(None, address="198.51.100.1")
    assert len(desk.told) == 9, "those that are quiet make room"


def test_what_is_told_is_bounded() -> None:
    desk = Desk()
    many = Signer(b"", "ab", tuple("n" * 1000 for _ in range(100)))
    desk.refuse(many, error=RefusedError("malformed", "x" * 100_000))
    assert len(desk.raw[0]) < 4096


def stored(database: Database, desk: Desk) -> None:
    store = EventStore(database, node="ab" * 16)
    store.insert([ReceivedEvent(raw, decode_header(raw), number) for number, raw in enumerate(desk.raw, start=1)])


def test_events_are_stored_once_told_to_those_who_ask_and_forgotten_in_time(database: Database) -> None:
    with database.write() as session:
        Devices(session, actor=Actor("test"), now=START).add(NewDevice(Name.parse("Laptop-17"), managed=True))
    desk = Desk()
    desk.refuse(signer("Laptop-17"))
    desk.refuse(holder("ed25519", "stranger").signer)
    stored(database, desk)
    stored(database, desk)
    with database.read() as session:
        assert [one.device for one in query.refusals(session, most=10)] == ["Laptop-17", "stranger"]
        (mine,) = query.refusals(session, name="LAPTOP-17", most=10)
        steps = why(session, "laptop-17", now=START + 60).steps
        later = why(session, "laptop-17", now=START + 7200).steps
    assert (mine.word, mine.count) == ("replayed", 1)
    said = "report refused 1 times: replayed, counter 4 is not above 7"
    assert said in {step.text for step in steps}
    assert said not in {step.text for step in later}
    with database.write() as session:
        assert forget_older(session, START + 1) == 2
