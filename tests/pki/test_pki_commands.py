"""`nac pki` and `nac init` as they are typed."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import pytest
from click.testing import CliRunner, Result

from nac.cli import cli
from nac.clients.seal import load_seal
from nac.config import check_files, load
from nac.db import Database
from nac.pki.record import Reason

Run = Callable[..., Result]


@pytest.fixture
def nac(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs the command line in an empty folder; `code` is the exit code that must come."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NAC_CONFIG", raising=False)

    def run(*arguments: str, code: int = 0) -> Result:
        result = CliRunner().invoke(cli, list(arguments), prog_name="nac")
        assert result.exit_code == code, result.output
        return result

    return run


@pytest.fixture
def site(nac: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder made by `nac init`, as the working directory."""
    nac("init", "site", "--server-name", "radius.corp.example", "--organization", "Corp")
    monkeypatch.chdir(tmp_path / "site")
    return tmp_path / "site"


def test_init_makes_all_that_a_server_needs(site: Path) -> None:
    config = load(site / "nac.toml")
    assert check_files(site / "nac.toml") == []
    assert list(config.policy.path.glob("*.policy"))
    assert {path.name for path in site.iterdir()} == {"nac.toml", "policy", "pki", "state"}
    assert stat.S_IMODE(config.server.state.stat().st_mode) == 0o700
    assert stat.S_IMODE(config.secrets_key.stat().st_mode) == 0o600
    load_seal(config.secrets_key)
    Database.open(config.database.url).close()


def test_init_overwrites_nothing(nac: Run, tmp_path: Path) -> None:
    for name in ("nac.toml", "policy", "pki", "state"):
        folder = tmp_path / f"with-{name}"
        folder.mkdir()
        (folder / name).write_text("mine")
        result = nac("init", str(folder), code=4)
        assert f"holds {name} already" in result.stderr
        assert [path.name for path in folder.iterdir()] == [name]
        assert (folder / name).read_text() == "mine"


def test_init_that_fails_leaves_nothing(nac: Run, tmp_path: Path) -> None:
    nac("init", "site", "--server-name", "not a name", code=3)
    assert list((tmp_path / "site").iterdir()) == []
    result = nac("init", "site", "--example", "nonsense", code=4)
    assert "ai-estate" in result.stderr
    nac("init", "site")


def test_two_sites_share_no_secret(nac: Run, tmp_path: Path) -> None:
    for name in ("a", "b"):
        assert json.loads(nac("init", name, "-o", "json").stdout)["state"] == str(tmp_path / name / "state")
    for secret in ("state/secrets.key", "pki/root.key", "pki/issuing.key", "pki/server-p256.key"):
        assert (tmp_path / "a" / secret).read_bytes() != (tmp_path / "b" / secret).read_bytes()


def test_the_life_of_a_certificate(nac: Run, site: Path) -> None:
    issued = _json(
        nac("pki", "issue", "--user", "alice@corp.example", "--device", "laptop-17", "--out", "out", "-o", "json")
    )
    assert (issued["kind"], issued["status"], issued["names"]) == (
        "client",
        "valid",
        ["alice@corp.example", "laptop-17"],
    )
    assert (site / issued["key"]).exists()
    nac("pki", "issue", "--device", "laptop-17", "--out", "out", code=4)
    revoked = _json(nac("pki", "revoke", issued["serial"], "--reason", "superseded", "-o", "json"))
    assert [entry["reason"] for entry in revoked["revoked"]] == ["superseded"]
    assert [entry["entries"] for entry in revoked["lists"]] == [0, 1]
    assert _json(nac("pki", "show", issued["fingerprint"], "-o", "json"))[0]["revocation"]["reason"] == "superseded"
    assert "revoked already" in nac("pki", "revoke", "laptop-17", code=4).stderr


def test_one_name_for_several_asks_which(nac: Run, site: Path) -> None:
    for out in ("a", "b"):
        nac("pki", "issue", "--device", "laptop-17", "--out", out)
    assert "2 certificates are called laptop-17" in nac("pki", "revoke", "laptop-17", code=4).stderr
    assert nac("pki", "revoke", "laptop-17", "--all").stdout.count("revoked laptop-17") == 2


def test_show_lists_and_filters(nac: Run, site: Path) -> None:
    nac("pki", "issue", "--device", "short", "--out", "out", "--days", "5")
    assert [row["kind"] for row in _json(nac("pki", "show", "-o", "json"))["certificates"]] == [
        "root",
        "issuing",
        "server",
        "server",
        "client",
    ]
    shown = _json(nac("pki", "show", "--expiring", "10", "-o", "json"))
    assert [row["name"] for row in shown["certificates"]] == ["short"]
    assert {entry["authority"]: entry["current"] for entry in shown["lists"]} == {"root": True, "issuing": True}
    table = nac("pki", "show", "--kind", "server").stdout
    assert table.count("radius.corp.example") == 2
    assert "list of root: current" in table
    record = nac("pki", "show", "short").stdout
    assert "status" in record
    assert "short" in record


def test_renewal_keeps_the_names(nac: Run, site: Path) -> None:
    before = (site / "pki" / "server-p256.pem").read_bytes()
    assert "radius.corp.example" in nac("pki", "server").stdout
    assert (site / "pki" / "server-p256.pem").read_bytes() != before


def test_lists_on_demand(nac: Run, site: Path) -> None:
    assert "nothing is due" in nac("pki", "crl", "--if-due").stderr
    assert [entry["number"] for entry in _json(nac("pki", "crl", "--days", "30", "-o", "json"))] == [2, 2]
    (site / "pki" / "root.key").unlink()
    assert "the root's key is not here" in nac("pki", "crl").stderr


def test_an_authority_without_a_configuration(nac: Run, tmp_path: Path) -> None:
    nac("pki", "show", code=3)
    made = nac("pki", "init", "--directory", "pki", "--server-name", "radius", "-o", "json")
    assert len(_json(made)["certificates"]) == 4
    nac("pki", "init", "--directory", "pki", "--server-name", "radius", code=4)
    nac("pki", "show", "--directory", "pki")
    assert "nac pki init" in nac("pki", "show", "--directory", "elsewhere", code=4).stderr


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["issue", "--out", "o"], 2),
        (["issue", "--device", "d"], 2),
        (["issue", "--device", "d", "--out", "o", "--days", "0"], 2),
        (["issue", "--device", "d", "--out", "o", "--key", "rsa1024"], 2),
        (["issue", "--device", "d", "--out", "o", "--csr", "missing"], 2),
        (["issue", "--device", "d", "--out", "o", "--days", "7000"], 3),
        (["issue", "--device", "d d", "--out", "o"], 3),
        (["issue", "--device", "d", "--out", "o", "--policy", "x"], 3),
        (["revoke", "nobody"], 4),
        (["revoke", "nobody", "--reason", "boredom"], 2),
        (["show", "nobody"], 4),
        (["server", "--server-name", "a b"], 3),
    ],
)
def test_exit_codes(arguments: list[str], code: int, nac: Run, site: Path) -> None:
    nac("pki", *arguments, code=code)
    assert not (site / "o").exists()


@pytest.mark.parametrize("reason", get_args(Reason))
def test_every_reason_makes_a_list(reason: str, nac: Run, site: Path) -> None:
    nac("pki", "issue", "--device", "d", "--out", "out")
    nac("pki", "revoke", "d", "--reason", reason)


def _json(result: Result) -> Any:
    return json.loads(result.stdout)
