"""RADIUS clients: prefixes, two live secrets, rotation, and what the snapshot gets."""

from pathlib import Path

import pytest

from nac.clients.seal import Seal, create_key, load_seal
from nac.clients.secret import SharedSecret
from nac.clients.store import Clients, NewClient, PrefixError, load_clients, parse_prefix
from nac.db import Database, revision
from nac.db.audit import Actor
from nac.db.schema import AdminAudit, ClientSecret
from nac.errors import ConflictError, NotFoundError
from nac.identity.name import Name

FIRST, SECOND = SharedSecret(b"first secret of all"), SharedSecret(b"second secret of all")


@pytest.fixture
def seal(tmp_path: Path) -> Seal:
    create_key(tmp_path / "secrets.key")
    return load_seal(tmp_path / "secrets.key")


def add(database: Database, seal: Seal, name: str, prefix: str) -> None:
    with database.write() as session:
        new = NewClient(Name.parse(name), parse_prefix(prefix))
        Clients(session, actor=Actor("root"), now=1).add(new, FIRST, seal)


def secrets_of(database: Database, seal: Seal) -> list[bytes]:
    with database.read() as session:
        return load_clients(session, seal)[0]["secrets"]


def test_all_fields_for_the_snapshot(database: Database, seal: Seal) -> None:
    add(database, seal, "SW1", "10.0.0.7")
    with database.read() as session:
        assert load_clients(session, seal) == [
            {
                "name": "SW1",
                "prefix": "10.0.0.7/32",
                "secrets": [FIRST.reveal()],
                "message_authenticator": "require",
                "fragment_size": 1024,
                "max_tls": "1.3",
                "dialect": "rfc4849",
                "site": None,
                "region": None,
                "conversations_per_second": 500,
                "burst": 2000,
            }
        ]


def test_rotation_has_two_live_secrets_newest_first_then_one(database: Database, seal: Seal) -> None:
    add(database, seal, "sw1", "10.0.0.7")
    with database.write() as session:
        Clients(session, actor=Actor("root"), now=2).start_rotation("SW1", SECOND, seal)
    assert secrets_of(database, seal) == [SECOND.reveal(), FIRST.reveal()]
    with pytest.raises(ConflictError, match="two live secrets"), database.write() as session:
        Clients(session, actor=Actor("root"), now=3).start_rotation("sw1", SECOND, seal)
    with database.write() as session:
        Clients(session, actor=Actor("root"), now=4).finish_rotation("sw1")
    assert secrets_of(database, seal) == [SECOND.reveal()]
    with pytest.raises(ConflictError, match="nothing to retire"), database.write() as session:
        Clients(session, actor=Actor("root"), now=5).finish_rotation("sw1")


def test_a_taken_name_or_prefix_conflicts(database: Database, seal: Seal) -> None:
    add(database, seal, "sw1", "10.0.0.0/24")
    with pytest.raises(ConflictError, match="exists already"):
        add(database, seal, "SW1", "10.1.0.0/24")
    with pytest.raises(ConflictError, match="belongs to client 'sw1'"):
        add(database, seal, "sw2", "10.0.0.0/24")


def test_overlaps_are_told(database: Database, seal: Seal) -> None:
    for name, prefix in [("all", "10.0.0.0/8"), ("one", "10.0.0.7"), ("far", "192.0.2.0/24"), ("six", "::/0")]:
        add(database, seal, name, prefix)
    with database.read() as session:
        clients = Clients(session, actor=Actor("root"), now=1)
        assert [other.name for other in clients.overlaps(clients.get("one"))] == ["all"]
        assert clients.overlaps(clients.get("six")) == []


def test_every_write_raises_the_revision_of_clients(database: Database, seal: Seal) -> None:
    seen = []
    writes = [
        lambda clients: clients.add(NewClient(Name.parse("a"), parse_prefix("10.0.0.1")), FIRST, seal),
        lambda clients: clients.start_rotation("a", SECOND, seal),
        lambda clients: clients.finish_rotation("a"),
        lambda clients: clients.remove("a"),
    ]
    for write in writes:
        with database.write() as session:
            write(Clients(session, actor=Actor("root"), now=1))
        with database.read() as session:
            seen.append(revision.current(session).clients)
    assert seen == sorted(set(seen))
    with database.read() as session:
        assert session.query(ClientSecret).count() == 0
        assert [row.action for row in session.query(AdminAudit).order_by(AdminAudit.id)] == [
            "client add",
            "client rotate-secret",
            "client rotate-secret",
            "client remove",
        ]


def test_no_secret_is_in_the_files_of_the_database(database: Database, seal: Seal, tmp_path: Path) -> None:
    add(database, seal, "sw1", "10.0.0.7")
    for file in tmp_path.iterdir():
        assert FIRST.reveal() not in file.read_bytes()


def test_unknown(database: Database) -> None:
    with pytest.raises(NotFoundError), database.write() as session:
        Clients(session, actor=Actor("root"), now=1).remove("nobody")


@pytest.mark.parametrize(
    ("text", "canonical"),
    [("10.0.0.1", "10.0.0.1/32"), ("10.0.0.0/8", "10.0.0.0/8"), ("2001:DB8::/32", "2001:db8::/32"), ("::1", "::1/128")],
)
def test_prefixes(text: str, canonical: str) -> None:
    assert str(parse_prefix(text)) == canonical


@pytest.mark.parametrize(
    ("text", "fix"),
    [("10.0.0.7/24", "did you mean 10.0.0.0/24?"), ("switch", "write"), ("", "write"), ("1.2.3", "write")],
)
def test_what_is_no_prefix(text: str, fix: str) -> None:
    with pytest.raises(PrefixError) as caught:
        parse_prefix(text)
    assert caught.value.fix.startswith(fix)
