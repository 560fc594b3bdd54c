"""One of each event from a running data plane, decoded with unknown fields refused: both planes mean the same."""

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
from nac.events.types import (
    AccountingEvent,
    AuthenticationEvent,
    AuthorizationEvent,
    DiscardEvent,
    Event,
    SessionEvent,
    decode,
)
from nac.identity.store import load_facts
from nac.snapshot.build import build
from nac.snapshot.tickets import TicketKeys

SECRET = b"correct horse battery staple"
PATIENCE_MS = 10_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a switch, and alice with her laptop."""
    folder = tmp_path_factory.mktemp("types") / "home"
    secret = folder.with_name("secret")
    secret.write_bytes(SECRET)
    at = ["-c", str(folder / "nac.toml")]
    for arguments in (
        ["init", str(folder), "--example", "ai-estate", "--server-name", "radius.corp.example"],
        [*at, "client", "add", "switch", "127.0.0.1", "--secret-file", str(secret)],
        [*at, "user", "add", "alice@corp.example", "--group", "ml-engineering"],
        [*at, "device", "add", "laptop", "--managed"],
        [*at, "pki", "issue", "--user", "alice@corp.example", "--device", "laptop", "--out", str(folder / "laptop")],
    ):
        done = CliRunner().invoke(cli, arguments, prog_name="nac")
        assert done.exit_code == 0, done.output
    return folder


@pytest.fixture
def dataplane(folder: Path) -> Iterator[_dataplane.DataPlane]:
    """The data plane alone, with what `nac serve` would give it, but no journal."""
    with start(folder) as running:
        yield running


@pytest.fixture
def accounting(folder: Path, tmp_path: Path) -> Iterator[_dataplane.DataPlane]:
    """The same with a journal."""
    with start(folder, journal=tmp_path / "journal", accounting=["127.0.0.1:0"]) as running:
        yield running


@contextmanager
def start(folder: Path, **settings: Any) -> Iterator[_dataplane.DataPlane]:
    config = load(folder / "nac.toml")
    database = Database.open(config.database.url)
    with database.read() as session:
        clients, facts = load_clients(session, load_seal(config.secrets_key)), load_facts(session)
    database.close()
    built = build(config, clients, ticket_keys=TicketKeys.fresh(time.time()), generation=1, now=datetime.now(UTC))
    with _dataplane.DataPlane(listen=["127.0.0.1:0"], snapshot=built.native, shards=1, **settings) as running:
        running.upsert_devices([_dataplane.DeviceFacts(**fields) for fields in facts.devices])
        running.upsert_users([_dataplane.UserFacts(**fields) for fields in facts.users])
        yield running


def next_event(dataplane: _dataplane.DataPlane) -> Event:
    (event,) = next_events(dataplane)
    return event


def next_events(dataplane: _dataplane.DataPlane, count: int = 1) -> list[Event]:
    """The next so many events, each after what it refers to."""
    raws = dataplane.wait_events(timeout_ms=PATIENCE_MS, gather_ms=PATIENCE_MS, max_events=count)
    events = [decode(raw) for raw in raws]
    for raw, event in zip(raws, events, strict=True):
        assert set(msgspec.json.decode(raw)) == {"type", *type(event).__struct_fields__}, "no field is left out either"
    return events


def request(*, proven: bool) -> bytes:
    """A MAC authentication bypass by pyrad."""
    asked = packet.AuthPacket(code=packet.AccessRequest, secret=SECRET, dict=dictionary.Dictionary())
    asked[1] = [b"001122334455"]
    asked[6] = [(10).to_bytes(4, "big")]
    asked[31] = [b"00-11-22-33-44-55"]
    asked[32] = [b"pyrad"]
    if proven:
        asked.add_message_authenticator()
    return bytes(asked.RequestPacket())


def send(dataplane: _dataplane.DataPlane, octets: bytes) -> None:
    send_to(dataplane.addresses()[0], octets)


def send_to(address: str, octets: bytes) -> None:
    host, _, port = address.rpartition(":")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.sendto(octets, (host, int(port)))


def test_a_discard(dataplane: _dataplane.DataPlane) -> None:
    send(dataplane, request(proven=False))
    event = next_event(dataplane)
    assert isinstance(event, DiscardEvent)
    assert (event.reason, event.client, event.source) == ("missing_message_authenticator", "switch", "127.0.0.1")


def test_mac_authentication(dataplane: _dataplane.DataPlane) -> None:
    send(dataplane, request(proven=True))
    event = next_event(dataplane)
    assert isinstance(event, AuthenticationEvent)
    assert (event.method, event.result, event.cause) == ("mab", "reject", "unknown_mac")
    assert (event.tls, event.certificate) == (None, None)
    assert event.decision is not None
    assert event.reply is not None


def test_eap_tls(dataplane: _dataplane.DataPlane, folder: Path, tmp_path: Path) -> None:
    laptop = folder / "laptop"
    profile = tmp_path / "network.conf"
    profile.write_text(
        f'network={{\n key_mgmt=WPA-EAP\n eap=TLS\n identity="alice"\n ca_cert="{laptop}/ca.pem"\n'
        f' client_cert="{laptop}/laptop.pem"\n private_key="{laptop}/laptop.key"\n'
        ' phase1="tls_disable_tlsv1_0=1 tls_disable_tlsv1_1=1 tls_disable_tlsv1_2=1 tls_disable_tlsv1_3=0"\n}\n'
    )
    host, _, port = dataplane.addresses()[0].rpartition(":")
    command = ["eapol_test", "-c", str(profile), "-a", host, "-p", port, "-s", SECRET.decode(), "-t", "20"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:]
    opened, laid_out, event = next_events(dataplane, 2)
    assert isinstance(laid_out, AuthorizationEvent)
    assert ("Tunnel-Private-Group-Id", "66") in laid_out.attributes
    assert isinstance(event, AuthenticationEvent)
    assert (event.method, event.result, event.cause) == ("eap-tls", "accept", "ok")
    assert (event.identity_user, event.identity_device) == ("alice@corp.example", "laptop")
    assert event.tls is not None
    assert (event.tls.version, event.tls.resumed) == ("1.3", False)
    assert event.certificate is not None
    assert "DNS:laptop" in event.certificate.names
    assert event.decision is not None
    assert event.decision.segment == "remediation"
    assert event.reply is not None
    assert (event.reply.code, event.reply.authorization) == ("Access-Accept", laid_out.digest)
    assert isinstance(opened, SessionEvent)
    assert (opened.change, opened.state, opened.session, opened.decision) == ("opened", "active", event.id, event.id)
    assert (opened.authorization, opened.segment) == (laid_out.digest, "remediation")


def test_accounting_and_events_come_through_the_journal(accounting: _dataplane.DataPlane) -> None:
    asked = packet.AcctPacket(secret=SECRET, dict=dictionary.Dictionary())
    asked[40] = [(2).to_bytes(4, "big")]
    asked[32] = [b"pyrad"]
    asked[44] = [b"2A"]
    asked[42], asked[52] = [(7).to_bytes(4, "big")], [(1).to_bytes(4, "big")]
    send_to(accounting.accounting_addresses()[0], bytes(asked.RequestPacket()))
    ((sequence, raw),) = accounting.read_journal(after=0, most=9, timeout_ms=PATIENCE_MS)
    event = decode(raw)
    assert isinstance(event, AccountingEvent)
    assert set(msgspec.json.decode(raw)) == {"type", *AccountingEvent.__struct_fields__}
    assert (sequence, event.client, event.status, event.session_id) == (1, "switch", "stop", "2A")
    assert (event.input_octets, event.nas.identifier) == (2**32 + 7, "pyrad")

    send(accounting, request(proven=True))
    ((sequence, raw),) = accounting.read_journal(after=1, most=9, timeout_ms=PATIENCE_MS)
    assert sequence == 2
    assert isinstance(decode(raw), AuthenticationEvent)
    state = accounting.journal_state()
    assert (state.last, state.waiting, state.alarm, state.error) == (2, 2, None, None)
    accounting.acknowledge(2)
    assert accounting.journal_state().waiting == 0
    accounting.close()
    assert len(accounting.read_journal(after=0, most=9, timeout_ms=PATIENCE_MS)) == 2, "until another segment is there"


def test_a_data_plane_without_a_journal_accounts_for_nothing(folder: Path, dataplane: _dataplane.DataPlane) -> None:
    with pytest.raises(_dataplane.JournalError, match="without a journal"):
        dataplane.journal_state()
    with pytest.raises(_dataplane.ListenError, match="needs a journal"), start(folder, accounting=["127.0.0.1:0"]):
        pass
