"""Nonces and rates: each counts once, for one certificate, for a time, and their tables do not grow."""

from __future__ import annotations

import pytest

from nac.posture import nonces as nonce_table
from nac.posture import rate as rate_table
from nac.posture.nonces import LIFETIME, Nonces
from nac.posture.rate import BURST, PER_SECOND, Rate


def test_a_nonce_counts_once_for_its_certificate_and_for_a_time() -> None:
    nonces = Nonces()
    nonce = nonces.give("a", now=100)
    assert len(nonce.text) == 22
    assert nonces.take("b", nonce.text, now=100) == "unknown"
    assert nonces.take("a", nonce.text, now=100 + LIFETIME) == "unknown"
    assert nonces.take("a", nonce.text, now=100 + LIFETIME - 1) == "live"
    assert nonces.take("a", nonce.text, now=101) == "used"


def test_the_last_two_nonces_live() -> None:
    nonces = Nonces()
    first, second, third = (nonces.give("a", now=0).text for _ in range(3))
    assert [nonces.take("a", text, now=1) for text in (first, third, second)] == ["unknown", "live", "live"]


def test_the_table_of_nonces_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nonce_table, "MAX_CERTIFICATES", 3)
    nonces = Nonces()
    given = [nonces.give(name, now=0).text for name in "abcd"]
    assert [nonces.take(name, text, now=1) for name, text in zip("abcd", given, strict=True)] == [
        "unknown", "live", "live", "live"
    ]  # fmt: skip


def test_a_certificate_may_ask_so_often() -> None:
    rate = Rate()
    assert all(rate.allows("a", now=0.0) for _ in range(BURST))
    assert not rate.allows("a", now=0.0)
    assert rate.allows("b", now=0.0)
    assert rate.allows("a", now=1 / PER_SECOND)
    assert not rate.allows("a", now=1 / PER_SECOND)


def test_the_table_of_rates_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_table, "MAX_CERTIFICATES", 2)
    rate = Rate()
    for name in "abc":
        for _ in range(BURST):
            rate.allows(name, now=0.0)
    assert [rate.allows(name, now=0.0) for name in "cb"] == [False, False]
    assert rate.allows("a", now=0.0), "the one that asked longest ago is forgotten"
