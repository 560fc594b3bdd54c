"""No octets make the reader of reports fail in an unforeseen way, signed or not."""

from __future__ import annotations

import json
import os
from typing import Any

from holders import holder
from hypothesis import given, settings
from hypothesis import strategies as st
from reporter import b64, claims, jws

from nac.posture.checks import CHECKS
from nac.posture.findings import MAX_ITEMS, MAX_TEXT
from nac.posture.refusal import HTTP_STATUS, RefusedError
from nac.posture.report import Report, verify

EXAMPLES = int(os.environ.get("NAC_FUZZ_EXAMPLES", "200"))
NOW = 1_790_000_000
MINE = holder("ed25519")
SOUND = claims("laptop-17", b64(b"n" * 16), iat=NOW)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=20,
)


def read_or_refuse(body: bytes) -> Report | None:
    refused, report = None, None
    try:
        report = verify(body, MINE.signer, now=NOW)
    except RefusedError as error:
        refused = error
    if refused is not None or report is None:
        assert refused is not None
        assert refused.word in HTTP_STATUS
        assert len(refused.detail) < 1000
        return None
    for name, finding in report.findings.items():
        assert name in CHECKS
        assert len(finding.detail) <= MAX_TEXT
        if isinstance(finding.value, tuple):
            assert len(finding.value) <= MAX_ITEMS
            assert all(len(item) <= MAX_TEXT for item in finding.value)
    return report


@given(st.binary(max_size=300))
@settings(max_examples=EXAMPLES, deadline=None)
def test_any_octets(body: bytes) -> None:
    assert read_or_refuse(body) is None


@given(st.lists(st.binary(max_size=60).map(b64), min_size=3, max_size=3))
@settings(max_examples=EXAMPLES, deadline=None)
def test_any_three_parts(parts: list[str]) -> None:
    assert read_or_refuse(".".join(parts).encode()) is None


@given(st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
@settings(max_examples=EXAMPLES, deadline=None)
def test_anything_signed(payload: bytes) -> None:
    read_or_refuse(jws(MINE.key, MINE.signer.certificate, payload, alg="EdDSA"))


def paths(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    keys = value.keys() if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    return [at, *(path for key in keys for path in paths(value[key], (*at, key)))]


@given(st.data())
@settings(max_examples=EXAMPLES, deadline=None)
def test_a_sound_report_with_something_else_in_some_place(data: st.DataObject) -> None:
    told = json.loads(json.dumps(SOUND))
    *outer, last = data.draw(st.sampled_from([path for path in paths(told) if path]))
    inner = told
    for key in outer:
        inner = inner[key]
    inner[last] = data.draw(JSON)
    read_or_refuse(jws(MINE.key, MINE.signer.certificate, told, alg="EdDSA"))


def test_the_sound_report_is_sound() -> None:
    assert read_or_refuse(jws(MINE.key, MINE.signer.certificate, SOUND, alg="EdDSA")) is not None
