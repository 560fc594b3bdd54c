"""A folder with the AI estate's policy and an empty database, and `nac` in it."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result
from worlds import ESTATE, Nac

from nac.cli import cli
from nac.clients.seal import create_key
from nac.db import Database, upgrade
from nac.events.store import EventStore, ReceivedEvent
from nac.events.types import AuthenticationEvent, decode, decode_header

SAMPLES = Path(__file__).parents[1] / "events/samples"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration (all defaults), a policy, a database and a secrets key, in the working directory."""
    (tmp_path / "nac.toml").write_text("")
    (tmp_path / "policy").mkdir()
    (tmp_path / "policy/estate.policy").write_text(ESTATE.read_text())
    upgrade(f"sqlite:///{tmp_path}/state/nac.db")
    create_key(tmp_path / "state/secrets.key")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NAC_CONFIG", raising=False)
    return tmp_path


@pytest.fixture
def nac(site: Path) -> Nac:
    """Runs the command line; `code` is the exit code that must come."""

    def run(*arguments: str, code: int = 0) -> Result:
        result = CliRunner().invoke(cli, list(arguments), prog_name="nac", env={"COLUMNS": "200"})
        assert result.exit_code == code, f"{arguments}: {result.output}{result.stderr}"
        return result

    return run


@pytest.fixture
def ask(nac: Nac) -> Callable[..., Any]:
    """What `nac policy ... -o json` prints."""

    def run(*arguments: str) -> Any:
        return json.loads(nac("policy", *arguments, "-o", "json").stdout)

    return run


@pytest.fixture
def database(site: Path) -> Iterator[Database]:
    database = Database.open(f"sqlite:///{site}/state/nac.db")
    yield database
    database.close()


@pytest.fixture
def store(database: Database) -> Callable[..., None]:
    """Stores authentications of a device with these facts, as the drain does."""

    def put(number: int, *, at: int, facts: dict[str, Any]) -> None:
        event = decode((SAMPLES / "accepted.json").read_bytes())
        assert isinstance(event, AuthenticationEvent)
        device = facts.get("device.name")
        raw = msgspec.json.encode(
            msgspec.structs.replace(
                event, id=f"{number:032x}", at=at * 1_000_000, facts={**facts, "time": at}, identity_device=device
            )
        )
        EventStore(database, node="0" * 32).insert([ReceivedEvent(raw, decode_header(raw))])

    return put


@pytest.fixture
def laptop(nac: Nac) -> str:
    """A healthy managed laptop of an ML engineer."""
    nac("user", "add", "alice@corp.example", "--group", "ml-engineering")
    nac("device", "add", "laptop-17", "--managed", "--owner", "alice@corp.example")
    nac("device", "posture", "laptop-17", "healthy", "--for", "24h")
    return "laptop-17"
