"""A database of the version before: what is in it stays, and is no part of a replay."""

from importlib.resources import files
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import text
from worlds import policy_of

from nac.db import Database, upgrade
from nac.db.engine import create
from nac.policy.replay import replay


def first_version(url: str) -> None:
    """A database as the first migration leaves it, with one authentication."""
    columns, values = "id, at_us, client, result, cause, event", "'1', 5, 's', 'a', 'ok', '{}'"
    with create(url).connect() as connection, connection.begin():
        config = Config()
        config.set_main_option("script_location", str(files("nac.db") / "migrations"))
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.execute(text(f"INSERT INTO authentications ({columns}) VALUES ({values})"))  # noqa: S608


def test_authentications_without_facts_are_counted_apart(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/nac.db"
    first_version(url)
    upgrade(url)
    policy = policy_of("segment s { vlan 1 }\nplace in s when device.managed\n")
    with Database.open(url).read() as session:
        found = replay(session, policy, policy, since=0, until=10)
    assert (found.authentications, found.without_facts, found.changes) == (0, 1, 0)
