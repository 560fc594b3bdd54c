"""`nac client`: a secret is shown once and kept sealed; a rotation stops nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from click.testing import Result

from nac.clients.seal import load_seal
from nac.clients.store import load_clients
from nac.db import Database

Run = Callable[..., Result]


def secrets_of(site: Path, database: Database) -> list[str]:
    with database.read() as session:
        clients = load_clients(session, load_seal(site / "state/secrets.key"))
    return [secret.decode() for secret in clients[0]["secrets"]]


def test_a_secret_is_made_shown_once_and_works(nac: Run, site: Path, database: Database) -> None:
    shown = (
        nac("client", "add", "sw1", "10.0.0.0/24")
        .output.splitlines()[1]
        .removeprefix("shared secret (shown only now): ")
    )
    assert secrets_of(site, database) == [shown]
    for arguments in (["client", "show", "sw1"], ["client", "list"], ["client", "show", "sw1", "-o", "json"]):
        assert shown not in nac(*arguments).output
    for file in (site / "state").iterdir():
        assert shown.encode() not in file.read_bytes()


def test_rotation(nac: Run, site: Path, database: Database) -> None:
    first = json.loads(nac("client", "add", "sw1", "10.0.0.7", "-o", "json").stdout)["secret"]
    rotated = nac("client", "rotate-secret", "sw1", "-o", "json")
    second = json.loads(rotated.stdout)["secret"]
    assert "--finish" in rotated.stderr
    assert secrets_of(site, database) == [second, first]
    nac("client", "rotate-secret", "sw1", code=4)
    nac("client", "rotate-secret", "sw1", "--finish")
    assert secrets_of(site, database) == [second]
    nac("client", "rotate-secret", "sw1", "--finish", code=4)


def test_a_secret_from_a_file_or_standard_input_is_not_shown(nac: Run, site: Path, database: Database) -> None:
    (site / "secret").write_text("a secret of the old server\r\n")
    result = nac("client", "add", "sw1", "10.0.0.7", "--secret-file", "secret")
    assert "a secret of" not in result.output
    assert "warning" not in result.stderr
    nac("client", "rotate-secret", "sw1", "--secret-file", "-", stdin="short\n")
    assert secrets_of(site, database) == ["short", "a secret of the old server"]
    nac("client", "rotate-secret", "sw1", "--finish", "--secret-file", "secret", code=2)


def test_a_short_secret_is_warned_of(nac: Run) -> None:
    result = nac("client", "add", "sw1", "10.0.0.7", "--secret-file", "-", stdin="testing123")
    assert "RFC 2865 asks for at least 16" in result.stderr


def test_overlaps_and_conflicts(nac: Run) -> None:
    nac("client", "add", "all", "10.0.0.0/8")
    assert "overlaps 10.0.0.0/8 (all)" in nac("client", "add", "one", "10.0.0.7").stderr
    assert "belongs to client 'one'" in nac("client", "add", "two", "10.0.0.7", code=4).stderr
    assert "did you mean 10.0.0.0/24?" in nac("client", "add", "two", "10.0.0.7/24", code=2).stderr
    assert "10.0.0.7/32 (one)" in nac("client", "show", "all").output


def test_settings_are_kept(nac: Run) -> None:
    nac(
        "client", "add", "wlc", "2001:db8::7", "--dialect", "vlan-only", "--site", "hq", "--message-authenticator",
        "observe", "--fragment-size", "500", "--max-tls", "1.2", "--rate", "50", "--burst", "60",
    )  # fmt: skip
    found = json.loads(nac("client", "show", "wlc", "-o", "json").output)
    del found["added"], found["secrets"]
    assert found == {
        "name": "wlc",
        "prefix": "2001:db8::7/128",
        "dialect": "vlan-only",
        "site": "hq",
        "message_authenticator": "observe",
        "fragment_size": 500,
        "max_tls": "1.2",
        "conversations_per_second": 50,
        "burst": 60,
        "coa": True,
        "coa_port": 3799,
        "coa_verbs": None,
        "coa_learnt": [],
        "overlaps": [],
    }
    nac("client", "add", "x", "10.0.0.1", "--fragment-size", "100", code=2)


def test_without_the_key_nothing_is_written(nac: Run, site: Path) -> None:
    (site / "state/secrets.key").unlink()
    assert "secrets key" in nac("client", "add", "sw1", "10.0.0.7", code=3).stderr
    assert "no clients" in nac("client", "list").stderr


def test_remove(nac: Run) -> None:
    nac("client", "add", "sw1", "10.0.0.7")
    nac("client", "remove", "SW1")
    nac("client", "remove", "sw1", code=4)


def test_a_dialect_that_nobody_speaks_is_refused_at_once(nac: Run) -> None:
    """A snapshot cannot be built with it: the server would keep the old one, and not start anew."""
    refused = nac("client", "add", "sw1", "10.0.0.7", "--dialect", "cisco", code=2)
    assert "cisco-ios-xe" in refused.output
    assert json.loads(nac("client", "list", "-o", "json").stdout) == []


def test_how_a_client_takes_changes(nac: Callable[..., Result]) -> None:
    def shown() -> tuple[object, ...]:
        client = json.loads(nac("client", "show", "sw", "-o", "json").stdout)
        return client["coa"], client["coa_port"], client["coa_verbs"], client["coa_learnt"]

    nac("client", "add", "sw", "192.0.2.1", "--dialect", "cisco-9800")
    assert shown() == (True, 1700, None, [])
    nac("client", "set", "sw", "--coa-port", "3799", "--coa-verbs", "Disconnect, bounce", "--no-coa")
    assert shown() == (False, 3799, "disconnect,bounce", [])
    nac("client", "set", "sw", "--coa", "--coa-default")
    assert shown() == (True, 1700, None, [])
    assert "kick" in nac("client", "set", "sw", "--coa-verbs", "kick", code=2).output
    nac("client", "set", "sw", code=2)
    nac("client", "set", "sw", "--coa-default", "--coa-port", "1", code=2)
    nac("client", "set", "nobody", "--coa", code=4)
    audit = json.loads(nac("audit", "list", "--action", "client set", "-o", "json").stdout)
    assert [line["detail"] for line in audit] == [
        "coa_enabled=False coa_port=3799 coa_verbs='disconnect,bounce'",
        "coa_enabled=True coa_port=None coa_verbs=None",
    ]
