"""A policy is compiled once: again only when its text, the dialects of the clients or the time ask for it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from nac.clients.store import ClientFields
from nac.config import Config
from nac.config.model import PolicySettings
from nac.policy.compile import CompiledPolicy
from nac.snapshot.build import compiled
from tests.snapshot.test_sites import client

NOW = datetime(2026, 3, 1, tzinfo=UTC)
WITHOUT_SCHEDULE = 'segment office { vlan 10 }\nplace in office when user.name = "ana"\n'
WITH_SCHEDULE = """
schedule hours { zone "UTC"  mon-fri 08:00-18:00 }
segment office { vlan 10 }
place in office when user.name = "ana" and during hours
"""


class Estate:
    """A policy file and clients, compiled again and again."""

    def __init__(self, path: Path, text: str) -> None:
        self.path = path
        self.path.write_text(text)
        self.clients: list[ClientFields] = [client("sw-1")]
        self.last: CompiledPolicy | None = None

    def is_compiled_anew(self, *, now: datetime = NOW) -> bool:
        config = Config(policy=PolicySettings(path=self.path))
        before, self.last = self.last, compiled(config, self.clients, now=now, earlier=self.last)
        return self.last is not before


@pytest.fixture(params=[WITHOUT_SCHEDULE, WITH_SCHEDULE], ids=["without a schedule", "with a schedule"])
def estate(request: pytest.FixtureRequest, tmp_path: Path) -> Estate:
    found = Estate(tmp_path / "a.policy", request.param)
    assert found.is_compiled_anew()
    return found


def test_nothing_changed(estate: Estate) -> None:
    assert not estate.is_compiled_anew(now=NOW + timedelta(days=30))


def test_another_text(estate: Estate) -> None:
    estate.path.write_text(estate.path.read_text().replace("10", "11"))
    assert estate.is_compiled_anew()


def test_another_name_of_the_file(estate: Estate) -> None:
    """Reasons name it."""
    estate.path = estate.path.rename(estate.path.with_name("b.policy"))
    assert estate.is_compiled_anew()


def test_another_dialect(estate: Estate) -> None:
    estate.clients.append(client("sw-2") | {"dialect": "cisco-ios-xe"})
    assert estate.is_compiled_anew()
    estate.clients.append(client("sw-3"))
    assert not estate.is_compiled_anew()


def test_schedules_that_end(estate: Estate) -> None:
    assert estate.is_compiled_anew(now=NOW + timedelta(days=399)) is ("schedule" in estate.path.read_text())
