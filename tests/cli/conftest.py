"""A folder as `nac init` leaves it, and `nac` in it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result

from nac.cli import cli
from nac.clients.seal import create_key
from nac.db import Database, upgrade
from nac.events.store import EventStore, ReceivedEvent
from nac.events.types import AuthenticationEvent, DiscardEvent, decode, decode_header

SAMPLES = Path(__file__).parents[1] / "events/samples"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty configuration (all defaults), a database and a secrets key, in the working directory."""
    (tmp_path / "nac.toml").write_text("")
    upgrade(f"sqlite:///{tmp_path}/state/nac.db")
    create_key(tmp_path / "state/secrets.key")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NAC_CONFIG", raising=False)
    return tmp_path


@pytest.fixture
def nac(site: Path) -> Callable[..., Result]:
    """Runs the command line; `code` is the exit code that must come."""

    def run(*arguments: str, code: int = 0, stdin: str | bytes | None = None) -> Result:
        result = CliRunner().invoke(cli, list(arguments), input=stdin, prog_name="nac")
        assert result.exit_code == code, result.output
        return result

    return run


@pytest.fixture
def database(site: Path) -> Iterator[Database]:
    database = Database.open(f"sqlite:///{site}/state/nac.db")
    yield database
    database.close()


@pytest.fixture
def sample() -> Callable[..., AuthenticationEvent]:
    def make(name: str, **changes: Any) -> AuthenticationEvent:
        event = decode((SAMPLES / f"{name}.json").read_bytes())
        assert isinstance(event, AuthenticationEvent)
        return msgspec.structs.replace(event, **changes)

    return make


@pytest.fixture
def store(database: Database) -> Callable[..., None]:
    def put(*events: AuthenticationEvent | DiscardEvent) -> None:
        raws = [msgspec.json.encode(event) for event in events]
        EventStore(database, node="0" * 32).insert([ReceivedEvent(raw, decode_header(raw)) for raw in raws])

    return put
