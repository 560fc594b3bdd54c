"""Live sessions over the boundary: real sockets and a journal, a native supplicant, accounting by pyrad."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner
from pyrad import dictionary, packet

from nac import _dataplane
from nac.cli import cli
from nac.clients.seal import load_seal
from nac.clients.store import load_clients
from nac.config import load
from nac.db import Database
from nac.events.types import SessionEvent, decode
from nac.identity.store import load_facts
from nac.snapshot.build import build
from nac.snapshot.tickets import TicketKeys

SECRET = b"correct horse battery staple"
PATIENCE_MS = 10_000
USER = "alice@corp.example"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a switch, and alice with her laptop."""
    folder = tmp_path_factory.mktemp("sessions") / "home"
    secret = folder.with_name("secret")
    secret.write_bytes(SECRET)
    at = ["-c", str(folder / "nac.toml")]
    for arguments in (
        ["init", str(folder), "--example", "ai-estate", "--server-name", "radius.corp.example"],
        [*at, "client", "add", "switch", "127.0.0.1", "--secret-file", str(secret)],
        [*at, "user", "add", USER, "--group", "ml-engineering"],
        [*at, "device", "add", "laptop", "--managed"],
        [*at, "pki", "issue", "--user", USER, "--device", "laptop", "--out", str(folder / "laptop")],
    ):
        done = CliRunner().invoke(cli, arguments, prog_name="nac")
        assert done.exit_code == 0, done.output
    return folder


@contextmanager
def start(folder: Path, journal: Path, **settings: Any) -> Iterator[_dataplane.DataPlane]:
    config = load(folder / "nac.toml")
    database = Database.open(config.database.url)
    with database.read() as session:
        clients, facts = load_clients(session, load_seal(config.secrets_key)), load_facts(session)
    database.close()
    built = build(config, clients, ticket_keys=TicketKeys.fresh(time.time()), generation=1, now=datetime.now(UTC))
    with _dataplane.DataPlane(
        listen=["127.0.0.1:0"],
        accounting=["127.0.0.1:0"],
        snapshot=built.native,
        shards=1,
        journal=journal,
        devices=[_dataplane.DeviceFacts(**fields) for fields in facts.devices],
        users=[_dataplane.UserFacts(**fields) for fields in facts.users],
        **settings,
    ) as running:
        yield running


@pytest.fixture
def dataplane(folder: Path, tmp_path: Path) -> Iterator[_dataplane.DataPlane]:
    with start(folder, tmp_path / "journal") as running:
        yield running


def log_in(dataplane: _dataplane.DataPlane, folder: Path, tmp_path: Path) -> None:
    laptop = folder / "laptop"
    profile = tmp_path / "network.conf"
    profile.write_text(
        f'network={{\n key_mgmt=WPA-EAP\n eap=TLS\n identity="alice"\n ca_cert="{laptop}/ca.pem"\n'
        f' client_cert="{laptop}/laptop.pem"\n private_key="{laptop}/laptop.key"\n}}\n'
    )
    host, _, port = dataplane.addresses()[0].rpartition(":")
    command = ["eapol_test", "-c", str(profile), "-a", host, "-p", port, "-s", SECRET.decode(), "-t", "20"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:]


def account(dataplane: _dataplane.DataPlane, status: int, session_id: bytes) -> None:
    """A report of the laptop's session, until it is answered."""
    asked = packet.AcctPacket(secret=SECRET, dict=dictionary.Dictionary())
    asked[40] = [status.to_bytes(4, "big")]
    asked[31], asked[44] = [b"02-00-00-00-00-01"], [session_id]
    asked[4] = [socket.inet_aton("127.0.0.1")]
    host, _, port = dataplane.accounting_addresses()[0].rpartition(":")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.settimeout(PATIENCE_MS / 1000)
        line.sendto(bytes(asked.RequestPacket()), (host, int(port)))
        assert line.recv(4096)[0] == packet.AccountingResponse


def the_session(dataplane: _dataplane.DataPlane, **which: str) -> dict[str, Any]:
    (found,) = dataplane.find_sessions(most=10, **which)
    session: dict[str, Any] = msgspec.json.decode(found)
    return session


def notes(dataplane: _dataplane.DataPlane) -> list[dict[str, Any]]:
    return [msgspec.json.decode(note) for note in dataplane.wait_sessions(timeout_ms=PATIENCE_MS, most=100)]


def session_events(dataplane: _dataplane.DataPlane, count: int) -> list[SessionEvent]:
    """The first so many; call after what they are about."""
    events: list[SessionEvent] = []
    after = 0
    while len(events) < count:
        records = dataplane.read_journal(after=after, most=100, timeout_ms=PATIENCE_MS)
        assert records, f"only {len(events)} of {count} session events"
        after = records[-1][0]
        decoded = [decode(raw) for _, raw in records]
        events += [event for event in decoded if isinstance(event, SessionEvent)]
    return events


def test_a_login_opens_a_session_that_is_found(dataplane: _dataplane.DataPlane, folder: Path, tmp_path: Path) -> None:
    log_in(dataplane, folder, tmp_path)
    session = the_session(dataplane)
    assert (session["state"], session["identity_user"], session["identity_device"]) == ("active", USER, "laptop")
    for which in ({"user": USER.upper()}, {"device": "Laptop"}, {"mac": "0200.0000.0001"}, {"client": "switch"}):
        assert the_session(dataplane, **which) == session
    for which in ({"user": "bob"}, {"device": "x"}, {"mac": "0200.0000.0002"}, {"client": "x"}, {"state": "stale"}):
        assert dataplane.find_sessions(most=10, **which) == []
    assert dataplane.find_sessions(most=10, after=session["session"]) == []
    assert msgspec.json.decode(dataplane.session(session["session"]) or b"") == session
    assert dataplane.session("0" * 32) is None
    with pytest.raises(ValueError, match="32 lower-case hex digits"):
        dataplane.session("X")
    assert dataplane.counters()["sessions.open"] == 1


def test_a_changed_fact_is_told_until_the_session_ends(
    dataplane: _dataplane.DataPlane, folder: Path, tmp_path: Path
) -> None:
    log_in(dataplane, folder, tmp_path)
    account(dataplane, 1, b"2A")
    session = the_session(dataplane, session_id="2A")
    dataplane.upsert_users([_dataplane.UserFacts(name=USER, groups=["ml-engineering"], disabled=True)])
    (note,) = notes(dataplane)
    assert (note["note"], note["why"], note["wanted"]["cause"]) == ("differs", "facts", "user_disabled")
    assert note["session"] == {**session, "differs": True}
    dataplane.follow_session(session["session"])
    account(dataplane, 2, b"2A")
    seen, settled = notes(dataplane)
    assert (seen["note"], seen["by"], seen["session"]) == ("seen", "stop", session["session"])
    assert settled == {"note": "settled", "session": session["session"], "by": "unknown"}
    opened, bound, closed = session_events(dataplane, 3)
    assert [event.change for event in (opened, bound, closed)] == ["opened", "bound", "closed"]
    assert (closed.cause, closed.state, bytes(closed.record)) == ("unknown", "closed", b"null")


def test_sessions_outlive_a_restart(folder: Path, tmp_path: Path) -> None:
    with start(folder, tmp_path / "journal") as before:
        log_in(before, folder, tmp_path)
        account(before, 1, b"2A")
        session = the_session(before)
        *_, bound = session_events(before, 2)
    records = [bytes(bound.record), b"{}", b"null", b"\xff"]
    with start(folder, tmp_path / "journal", sessions=records) as after:
        assert the_session(after) == session
        assert after.counters()["sessions.unreadable"] == 3
        after.upsert_users([_dataplane.UserFacts(name=USER, disabled=True)])
        (note,) = notes(after)
        assert note["wanted"]["cause"] == "user_disabled"
        assert after.end_session(session["session"], "not-known-by-nas")
        assert not after.end_session(session["session"], "not-known-by-nas")
        assert notes(after) == [{"note": "settled", "session": session["session"], "by": "not-known-by-nas"}]


def test_what_the_control_plane_does_is_recorded_in_order(dataplane: _dataplane.DataPlane) -> None:
    told = [b'{"type":"made up","number":%d}' % number for number in range(3)]
    for event in told:
        dataplane.record_event(event)
    records: list[bytes] = []
    while len(records) < len(told):
        records = [raw for _, raw in dataplane.read_journal(after=0, most=9, timeout_ms=PATIENCE_MS)]
        assert records
    assert records == told
    for wrong in (b"[]", b"{", b"", b'{"long":"' + b"x" * 65_536 + b'"}'):
        with pytest.raises(ValueError, match="JSON object"):
            dataplane.record_event(wrong)


def test_who_waits_for_notes_is_woken_by_the_end(dataplane: _dataplane.DataPlane) -> None:
    assert dataplane.wait_sessions(timeout_ms=0, most=1) == []
    dataplane.close()
    assert dataplane.wait_sessions(timeout_ms=3_600_000, most=1) == []
