"""Rows of authentications, made in native code, against the same from Python for one event after the other."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from nac._dataplane import AuthenticationBatch
from nac.events.types import AuthenticationEvent, decode
from nac.identity.name import fold

SAMPLES: Final = [decode(path.read_bytes()) for path in sorted((Path(__file__).parent / "samples").glob("*.json"))]
LOGINS: Final = [event for event in SAMPLES if isinstance(event, AuthenticationEvent)]
BESIDE: Final = ("certificate.days_left", "posture.age", "time")

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
names = st.none() | texts | st.sampled_from(["", "STRASSE\x00", "Straße", "\\u0000", 'quo"te', "laptop"])
macs = st.none() | st.sampled_from(["02-00-5E-00-53-01", "02-00-5E-00-53-02"])
facts = st.dictionaries(
    st.sampled_from([*BESIDE, "mac.oui", "user.groups", "nas.identifier"]),
    st.booleans() | st.integers(-(2**40), 2**40) | texts | st.lists(texts, max_size=3),
)


@st.composite
def events(draw: st.DrawFn) -> AuthenticationEvent:
    return msgspec.structs.replace(
        draw(st.sampled_from(LOGINS)),
        at=draw(st.integers(0, 2**52)),
        client=draw(texts),
        mac=draw(macs),
        user_name=draw(names),
        identity_user=draw(names),
        identity_device=draw(names),
        facts=draw(facts),
        result=draw(st.sampled_from(["accept", "reject"])),
    )


def folded(name: str | None) -> str | None:
    return fold(name).replace("\x00", "") if name else None


def stored(mac: str | None) -> str | None:
    return mac.replace("-", ":").lower() if mac else None


def number(value: object) -> int | None:
    return value if type(value) is int else None


def facts_of(event: AuthenticationEvent) -> bytes:
    kept = {name: value for name, value in event.facts.items() if name not in BESIDE}
    return msgspec.json.encode(kept, order="sorted")


def row(event: AuthenticationEvent, raw: bytes) -> tuple[object, ...]:
    return (
        event.id,
        event.at,
        stored(event.mac),
        folded(event.identity_user),
        folded(event.user_name),
        folded(event.identity_device),
        folded(event.client) or "",
        event.result,
        event.cause,
        raw.decode(),
        hashlib.sha256(facts_of(event)).hexdigest() if event.facts else None,
        number(event.facts.get("certificate.days_left")),
        number(event.facts.get("posture.age")),
        event.decision.generation if event.decision else None,
        event.reply.authorization if event.reply else None,
    )


def sightings(batch: list[AuthenticationEvent]) -> list[tuple[object, ...]]:
    seen: dict[tuple[str, str, str, str], list[int]] = {}
    for event in batch:
        device, mac = folded(event.identity_device) or "", stored(event.mac)
        certificate = event.certificate.fingerprint if event.certificate else ""
        if event.result == "accept" and mac and (device or certificate):
            seen.setdefault((device, certificate, mac, folded(event.client) or ""), []).append(event.at)
    return sorted((*place, min(times), max(times)) for place, times in seen.items())


@given(st.lists(events(), max_size=6))
def test_rows_are_those_of_one_event_after_the_other(batch: list[AuthenticationEvent]) -> None:
    raws = [msgspec.json.encode(event) for event in batch]
    made = AuthenticationBatch(records=list(enumerate(raws, 1)), form="tuples")
    sets = dict(made.fact_sets())
    numbers = {digest: place for place, digest in enumerate(sets)}
    digests = {place: digest for digest, place in numbers.items()}
    rows = [(*one[:10], digests.get(one[10]), *one[11:]) for one in made.rows(numbers)]  # type: ignore[call-overload]
    assert rows == [row(event, raw) for event, raw in zip(batch, raws, strict=True)]
    assert {msgspec.json.encode(msgspec.json.decode(text), order="sorted") for text in sets.values()} == {
        facts_of(event) for event in batch if event.facts
    }
    assert made.sightings() == sightings(batch)
