"""Why: every kind of subject, and what is said when nothing is known."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from nac.db import Database
from nac.db.audit import Actor
from nac.events.chain import LONGEST_CHAIN
from nac.events.types import AuthenticationEvent, DiscardEvent
from nac.events.why import Explanation, why
from nac.identity.devices import Devices, NewDevice
from nac.identity.mac import MacAddress
from nac.identity.name import Name
from nac.identity.users import Users

Sample = Callable[..., AuthenticationEvent]
Store = Callable[..., None]

NOW = 1790003000


def ask(database: Database, subject: str) -> Explanation:
    with database.read() as session:
        return why(session, subject, now=NOW)


def text_of(explanation: Explanation) -> str:
    return "\n".join(step.text for step in explanation.steps)


def discard(sequence: int, source: str, client: str | None, reason: str = "bad_authenticator") -> DiscardEvent:
    at = (NOW - 60) * 1_000_000
    return DiscardEvent(
        sequence=sequence, at=at, reason=reason, detail="the secret is wrong", client=client, source=source, count=12
    )


@pytest.mark.parametrize(
    ("subject", "id_start"),
    [
        ("b1b2c3d4e5f60718293a4b5c6d7e8f91", "b1"),
        ("B1B2C3D4", "b1"),
        ("00-1B-77-49-54-FD", "a1"),
        ("001b774954fd", "a1"),
        ("laptop-17", "a1"),
        ("ALICE@lab.example", "a1"),
        ("anonymous@lab.example", "b1"),
        ("wlc", "e1"),
    ],
)
def test_subjects(database: Database, sample: Sample, store: Store, subject: str, id_start: str) -> None:
    store(*(sample(name) for name in ("accepted", "expired", "printer", "distrusted", "silent")))
    found = ask(database, subject).authentication
    assert found is not None
    assert found.event.id.startswith(id_start)


def test_the_newest_is_explained(database: Database, sample: Sample, store: Store) -> None:
    store(sample("accepted", at=5_000_000), sample("expired", mac="00:1b:77:49:54:fd", at=9_000_000))
    store(sample("accepted", id="9" * 32, at=7_000_000))
    found = ask(database, "00:1b:77:49:54:fd").authentication
    assert found is not None
    assert found.event.cause == "certificate_expired"


def test_silence_is_shown_with_the_unanswered_packets_of_its_client(
    database: Database, sample: Sample, store: Store
) -> None:
    store(sample("silent"), discard(1, "10.0.2.7", "wlc"), discard(2, "10.0.9.9", "sw-other"))
    explanation = ask(database, "carol@lab.example")
    assert "12 packets from 10.0.2.7 (client wlc)" in text_of(explanation)
    assert "sw-other" not in text_of(explanation)
    assert len(explanation.steps) <= LONGEST_CHAIN


def test_an_unknown_address_tells_of_unanswered_packets(database: Database, store: Store) -> None:
    store(*(discard(number, f"10.0.0.{number}", None, "unknown_client") for number in range(9)))
    explanation = ask(database, "00:11:22:33:44:55")
    assert explanation.authentication is None
    assert "no authentication of 00:11:22:33:44:55 is known" in text_of(explanation)
    assert "no device has this address" in text_of(explanation)
    assert "unknown_client: the secret is wrong" in text_of(explanation)
    assert "nac client list" in text_of(explanation)
    assert len(explanation.steps) <= LONGEST_CHAIN


def test_an_address_of_a_switch_tells_of_its_own_packets_only(database: Database, store: Store) -> None:
    store(discard(1, "10.0.2.7", "wlc"), discard(2, "10.0.9.9", "sw-other"))
    assert "10.0.9.9" not in text_of(ask(database, "10.0.2.7"))
    assert "10.0.2.7" in text_of(ask(database, "10.0.2.7"))


def test_no_packet_at_all(database: Database) -> None:
    assert "no packet was left unanswered" in text_of(ask(database, "laptop-99"))
    assert "no device, user or client of this name" in text_of(ask(database, "laptop-99"))


def test_a_known_device_or_user_that_never_asked(database: Database) -> None:
    with database.write() as session:
        new = NewDevice(Name.parse("cam-1"), [MacAddress.parse("00:80:77:00:00:01")])
        Devices(session, actor=Actor("root"), now=1).add(new)
        Users(session, actor=Actor("root"), now=1).add(Name.parse("dora"))
    assert "device cam-1, enabled; never asked" in text_of(ask(database, "0080.7700.0001"))
    assert "device cam-1, enabled; never asked" in text_of(ask(database, "CAM-1"))
    assert "user dora, enabled; never asked" in text_of(ask(database, "dora"))


def test_a_name_of_hex_digits_is_not_taken_for_an_id(database: Database, sample: Sample, store: Store) -> None:
    store(sample("accepted", id="deadbeef" + "0" * 24), sample("expired", user_name="deadbeef"))
    with database.write() as session:
        Users(session, actor=Actor("root"), now=1).add(Name.parse("deadbeef"))
    found = ask(database, "deadbeef").authentication
    assert found is not None
    assert found.event.cause == "certificate_expired"
