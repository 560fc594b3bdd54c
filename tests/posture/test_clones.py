"""One certificate in two places at once: what proves it, and what a single machine may do."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from nac.db import Database
from nac.db.audit import Actor
from nac.events.store import EventStore, ReceivedEvent
from nac.events.types import AuthenticationEvent, decode, decode_header
from nac.identity.devices import DeviceChange, Devices, NewDevice
from nac.identity.mac import MacAddress
from nac.identity.name import Name
from nac.posture import clones
from nac.posture.clones import Login, Places
from nac.posture.lookout import Lookout, strangers

SAMPLE = Path(__file__).parents[1] / "events/samples/accepted.json"
MINUTE = 60 * 1_000_000

STORIES = {
    "it stays": (["in A"], None),
    "it moves": (["in A", "stop A", "in B", "alive B"], None),
    "it moves, and nobody says so": (["in A", "in B", "alive B"], None),
    "it walks to another desk and back": (["in A", "in B", "in A"], None),
    "it comes back after the switch said so": (["in A", "in B", "stop B", "in A", "alive A"], None),
    "on a cable and on the air": (["in A", "in air", "alive A", "alive air", "in A"], None),
    "accounting goes on at the first": (["in A", "in B", "alive A"], "A at switch-1 (berlin) and B at switch-2"),
    "logins take turns": (["in A", "in B", "in A", "in B", "in A"], "B at switch-2"),
    "two sites, whatever the port": (["in A", "in far", "alive A"], "far at switch-9 (lisbon)"),
    "a copy that is older than an hour": (["in A", "in B", "wait", "alive A"], None),
    "accounting of another switch": (["in A", "in B", "alive A elsewhere"], None),
}


def login(mac: str, at: int) -> Login:
    client = {"A": "switch-1", "B": "switch-2", "air": "wlc", "far": "switch-9"}[mac]
    kind = "wireless" if mac in ("air", "far") else "wired"
    return Login("f" * 64, "laptop-17", mac, client, kind, "lisbon" if mac == "far" else "berlin", at)


@pytest.mark.parametrize(("steps", "expected"), STORIES.values(), ids=STORIES.keys())
def test_a_story(steps: list[str], expected: str | None) -> None:
    places, found, now = Places(), [], 0
    for step in steps:
        what, _, rest = step.partition(" ")
        mac, _, elsewhere = rest.partition(" ")
        now += MINUTE
        if what == "wait":
            now += 61 * MINUTE
        elif what == "in":
            found.append(places.login(login(mac, now)))
        elif what == "stop":
            places.ended(mac, login(mac, now).client)
        else:
            found.append(places.sign_of_life(mac, "switch-7" if elsewhere else login(mac, now).client, now))
    evidence = [one for one in found if one is not None]
    assert bool(evidence) == (expected is not None)
    if expected is not None:
        assert evidence[0].device == "laptop-17"
        assert expected in evidence[0].words


def test_the_table_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clones, "MAX_CERTIFICATES", 2)
    places = Places()
    for certificate in "abc":
        for mac in "AB":
            places.login(Login(certificate, "d", certificate + mac, f"switch-{mac}", "wired", None, ord(certificate)))
    assert places.sign_of_life("aA", "switch-A", 5 * MINUTE) is None, "forgotten"


def record(database: Database, number: int, mac: str, client: str) -> None:
    """A login as the drain stores it."""
    event = decode(SAMPLE.read_bytes())
    assert isinstance(event, AuthenticationEvent)
    told = msgspec.structs.replace(event, id=f"{number:032x}", at=number * MINUTE, mac=mac, client=client)
    raw = msgspec.json.encode(told)
    EventStore(database, node="0" * 32).insert([ReceivedEvent(raw, decode_header(raw))])


@pytest.mark.parametrize("own", [False, True])
def test_the_lookout_reads_what_was_recorded_and_leaves_out_own_addresses(database: Database, own: bool) -> None:
    with database.write() as session:
        devices = Devices(session, actor=Actor("test"), now=1)
        devices.add(NewDevice(Name.parse("laptop-17")))
        if own:
            macs = [MacAddress.parse("001b77000001"), MacAddress.parse("001b77000002")]
            devices.change("laptop-17", DeviceChange(add_macs=macs))
    lookout = Lookout()
    found = []
    for number, last in enumerate("121212"):
        with database.read() as session:
            found += strangers(session, lookout.look(session))
        record(database, number + 1, f"00-1B-77-00-00-0{last}", f"switch-{last}")
    with database.read() as session:
        found += strangers(session, lookout.look(session))
    assert bool(found) is not own
    assert all(device.name == "laptop-17" for device, _ in found)
