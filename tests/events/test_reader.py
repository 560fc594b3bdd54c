"""Reading ahead of the drain: every record once and in order, whatever the journal does meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import msgspec
import pytest

from nac._dataplane import JournalError
from nac.events.reader import BEHIND, Reader
from nac.events.types import DiscardEvent


@dataclass(frozen=True)
class Health:
    last: int
    alarm: Literal["failing", "full", "filling"] | None = None


class Journal:
    """`count` records; it fails when what is behind `fails_after` is asked for, once."""

    def __init__(self, count: int, *, fails_after: int | None = None) -> None:
        self.records = [(number, _discard(number)) for number in range(1, count + 1)]
        self.fails_after = fails_after

    def read_journal(self, *, after: int, most: int, timeout_ms: int) -> list[tuple[int, bytes]]:
        if after == self.fails_after:
            self.fails_after = None
            raise JournalError("cannot read")
        return self.records[after : after + most]

    def acknowledge(self, sequence: int) -> None: ...

    def journal_state(self) -> Health:
        return Health(len(self.records))

    def wait_events(self, *, timeout_ms: int, gather_ms: int = 0, max_events: int = 4096) -> list[bytes]:
        return []


def _discard(number: int) -> bytes:
    said = DiscardEvent(
        sequence=number, at=number, reason="unknown_client", detail="", client=None, source="9.9.9.9", count=1
    )
    return msgspec.json.encode(said)


def test_what_was_read_ahead_comes_next_and_once() -> None:
    reader = Reader(Journal(BEHIND + 25))
    got: list[int] = []
    while (batch := reader.take(most=10, timeout_ms=0)).records:
        if batch.behind:
            reader.read_ahead(most=10)
            reader.read_ahead(most=10)
        got += [received.sequence for received in batch.events]
        assert batch.last == got[-1]
        assert batch.behind == (BEHIND + 25 - batch.last >= BEHIND)
    assert got == list(range(1, BEHIND + 26))
    reader.close()


def test_a_journal_that_could_not_be_read_ahead_is_read_when_it_is_asked_for_again() -> None:
    reader = Reader(Journal(15, fails_after=10))
    assert reader.take(most=10, timeout_ms=0).last == 10
    reader.read_ahead(most=10)
    with pytest.raises(JournalError):
        reader.take(most=10, timeout_ms=0)
    assert [received.sequence for received in reader.take(most=10, timeout_ms=0).events] == list(range(11, 16))
    reader.close()


def test_what_was_read_ahead_and_not_taken_is_not_lost() -> None:
    reader = Reader(Journal(15))
    assert reader.take(most=10, timeout_ms=0).last == 10
    reader.read_ahead(most=10)
    reader.close()
    assert reader.take(most=10, timeout_ms=0).last == 15
