from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from nac.db import Database
from nac.events.store import EventStore, ReceivedEvent
from nac.events.types import AuthenticationEvent, DiscardEvent, decode, decode_header

SAMPLES = Path(__file__).parent / "samples"

Sample = Callable[..., AuthenticationEvent]
Store = Callable[..., None]


@pytest.fixture
def sample() -> Sample:
    """An event from `samples/`, with some fields changed."""

    def make(name: str, **changes: Any) -> AuthenticationEvent:
        event = decode((SAMPLES / f"{name}.json").read_bytes())
        assert isinstance(event, AuthenticationEvent)
        return msgspec.structs.replace(event, **changes)

    return make


@pytest.fixture
def store(database: Database) -> Store:
    """Puts events into the database, as the drain does."""

    def put(*events: AuthenticationEvent | DiscardEvent) -> None:
        raws = [msgspec.json.encode(event) for event in events]
        EventStore(database, node="0" * 32).insert([ReceivedEvent(raw, decode_header(raw)) for raw in raws])

    return put
