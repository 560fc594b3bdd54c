"""Counters and boots: what one machine can say in a row, and what takes two."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reporter import b64, claims

from nac.posture.refusal import RefusedError
from nac.posture.report import Claims
from nac.posture.sequence import MAX_BOOTS, OVERLAP, Known, take

NOW = 1_790_000_000


def said(boot: str, counter: int, *, now: int = NOW, uptime: int = 0, **others: Any) -> Claims:
    told = claims("laptop-17", b64(bytes(16)), boot=boot, counter=counter, iat=now, uptime=uptime, **others)
    return msgspec.convert(told, Claims)


def after(*reports: tuple[str, int]) -> Known:
    known = Known()
    for boot, counter in reports:
        known = take(known, said(boot, counter), now=NOW)
    return known


@pytest.mark.parametrize(
    ("before", "next_one", "word"),
    [
        ([("a", 1)], said("a", 2), None),
        ([("a", 5)], said("a", 5), "replayed"),
        ([("a", 5)], said("a", 4), "replayed"),
        ([("a", 5)], said("b", 1), None),
        ([("a", 5), ("b", 6)], said("a", 5), "replayed"),
        ([("a", 5), ("b", 6)], said("a", 7), "clone_suspected"),
        ([("a", 5)], said("b", 6, uptime=OVERLAP), None),
        ([("a", 5)], said("b", 6, uptime=OVERLAP + 1), "clone_suspected"),
        ([("a", 5)], said("a", 6, ueid="another"), "clone_suspected"),
        ([("a", 5)], said("b", 6, ueid="another"), None),
    ],
    ids=[
        "the next",
        "the same again",
        "an old one",
        "started again, its counter too",
        "an old one of an earlier boot",
        "boots take turns",
        "clocks are set at the start",
        "two boots at once",
        "one boot on two machines",
        "installed anew",
    ],
)
def test_what_may_follow(before: list[tuple[str, int]], next_one: Claims, word: str | None) -> None:
    known = after(*before)
    if word is None:
        assert take(known, next_one, now=NOW).boots[-1].id == next_one.nac.boot_id
        return
    with pytest.raises(RefusedError) as refused:
        take(known, next_one, now=NOW)
    assert refused.value.word == word
    assert known == after(*before), "what is refused changes nothing"


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 600)), max_size=40))
def test_one_machine_is_never_a_clone(steps: list[tuple[bool, int]]) -> None:
    """It starts again whenever it likes; its counter, kept on disk, only grows."""
    known, now, boot, started = Known(), NOW, 0, NOW
    for counter, (restarts, pause) in enumerate(steps):
        now += pause
        if restarts:
            boot, started = boot + 1, now
        known = take(known, said(f"boot-{boot}", counter, now=now, uptime=now - started), now=now)
    assert len(known.boots) <= MAX_BOOTS + 1


@given(st.lists(st.booleans(), min_size=3, max_size=30))
def test_two_machines_that_take_turns_are_found(turns: list[bool]) -> None:
    """Both hold the key and the counter's file, each its own boot: as soon as the first comes back, or at once when the
    second was up before."""
    known, now, found = Known(), NOW, False
    for counter, turn in enumerate(turns):
        now += 60
        try:
            known = take(known, said("one" if turn else "two", counter, now=now, uptime=now - NOW + 1000), now=now)
        except RefusedError as refused:
            found = found or refused.word == "clone_suspected"
    assert found == (len(set(turns)) == 2)
