"""From every older version forward with what was in it, on both engines; and a migration that fails changes nothing."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from nac._dataplane import AccountingBatch
from nac.db import Database, bulk, upgrade
from nac.db.engine import SCHEMA_VERSION, create, schema_version
from nac.errors import StorageError
from nac.sessions import accounting, query

FILLED = {
    "0001": [
        "INSERT INTO admin_audit (at, actor, action, subject, detail) VALUES (5, 'root', 'device add', 'x', '')",
        "INSERT INTO users (name, key, disabled, revision, created_at) VALUES ('Alice', 'alice', false, 1, 5)",
        """INSERT INTO authentications (id, at_us, client, result, cause, event)
           VALUES ('aa', 1790000000000000, 'sw', 'accept', 'ok', '{}'), ('bb', 7, 'sw', 'accept', 'ok', '{}')""",
        """INSERT INTO discards (at_us, sequence, reason, detail, source, count)
           VALUES (1790000000000000, 3, 'unknown_client', '', '192.0.2.1:1', 4)""",
    ],
    "0002": ["INSERT INTO authorizations (digest, attributes) VALUES ('ab', '[]')"],
    "0003": ["INSERT INTO fact_sets (digest, facts) VALUES ('cd', '{}')"],
    "0004": [
        """INSERT INTO accounting (node, sequence, at_us, happened_us, client, status, session_id, event)
           VALUES ('n1', 3, 1790000000000000, 1, 'sw', 'start', '2A', '{}'), ('n1', 9, 5, 1, 'sw', 'stop', '2A', '{}'),
                  ('n2', 4, 1790000000000000, 1, 'sw', 'start', '2B', '{}')"""
    ],
    "0005": [
        """INSERT INTO sessions (id, node, state, client, opened_us, changed_us, event)
           VALUES ('s1', 'n1', 'active', 'sw', 5, 5, '{}')""",
        """INSERT INTO session_usage (client, session_id, first_us, seen_us,
                                      input_counter, output_counter, input_octets, output_octets, ended)
           VALUES ('sw', '2A', 5, 6, 70, 80, 70, 80, false)""",
        """INSERT INTO session_hours (hour, client, session_id, input_octets, output_octets)
           VALUES (0, 'sw', '2A', 70, 80)""",
    ],
    "0006": [
        """INSERT INTO coa_jobs (id, step, state, session, client, decided_us, event)
           VALUES ('j1', 1, 'sent', 's1', 'sw', 5, '{}'), ('j2', 1, 'sent', 's9', 'sw', 5, '{}')"""
    ],
    "0007": [
        """INSERT INTO devices (id, name, key, managed, disabled, revision, created_at)
           VALUES (7, 'x', 'x', false, false, 1, 5)""",
        """INSERT INTO posture_changes (device_id, at, status, score, failed, why)
           VALUES (7, 5, 'healthy', 100, '[]', '{}')""",
    ],
    "0008": ["INSERT INTO admin_taken (audit, node, sequence, at_us, generation) VALUES (1, 'n1', 8, 5, 2)"],
    "0009": ["INSERT INTO posture_refusals (id, at_us, event) VALUES ('ef', 5, '{}')"],
}
"""What each version adds to a database."""

COUNTED = {
    "admin_audit": ("0001", 1),
    "users": ("0001", 1),
    "authentications": ("0001", 2),
    "discards": ("0001", 1),
    "authorizations": ("0002", 1),
    "fact_sets": ("0003", 1),
    "accounting": ("0004", 3),
    "sessions": ("0005", 1),
    "coa_jobs": ("0006", 2),
    "posture_changes": ("0007", 1),
    "session_usage": ("0005", 1),
    "session_hours": ("0005", 1),
    "admin_taken": ("0008", 1),
    "posture_refusals": ("0009", 1),
}


def bring_to(connection: Connection, version: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(files("nac.db") / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, version)


def make_old(url: str, version: str) -> None:
    """A database as an older nac left it, with something in every table of then."""
    if url.startswith("sqlite"):
        Path(url.removeprefix("sqlite:///")).touch()
    for step in sorted(FILLED):
        if step <= version:
            with create(url).execution_options(nac_write=True).connect() as connection, connection.begin():
                bring_to(connection, step)
                for statement in FILLED[step]:
                    connection.execute(text(statement))


def rows(url: str, version: str = SCHEMA_VERSION) -> dict[str, int]:
    """How many there are in the tables that this version has."""
    with create(url).connect() as connection:
        return {
            table: connection.scalar(text(f"SELECT count(*) FROM {table}")) or 0  # noqa: S608 - names above
            for table, (since, _) in COUNTED.items()
            if since <= version
        }


@pytest.mark.parametrize("version", sorted(FILLED))
def test_forward_from_every_version(empty_url: str, version: str) -> None:
    make_old(empty_url, version)
    upgrade(empty_url)
    assert rows(empty_url) == {table: count if since <= version else 0 for table, (since, count) in COUNTED.items()}
    database = Database.open(empty_url)
    with database.write() as session:
        numbers = session.execute(text("SELECT node, sequence FROM drained ORDER BY node")).all()
        assert [tuple(row) for row in numbers] == ([("n1", 9), ("n2", 4)] if version >= "0004" else [])
        columns = "id, at_us, client, result, cause, event"
        session.execute(text(f"INSERT INTO authentications ({columns}) VALUES ('cc', 8, 's', '', '', '')"))  # noqa: S608
        highest = session.scalar(text("SELECT row_id FROM authentications WHERE id = 'cc'"))
        assert highest == 3, "numbers go on where they were"


def test_a_job_from_before_nodes_were_told_is_of_its_session_s_node(empty_url: str) -> None:
    make_old(empty_url, "0007")
    upgrade(empty_url)
    with create(empty_url).connect() as connection:
        jobs = connection.execute(text("SELECT id, node, sequence FROM coa_jobs ORDER BY id")).all()
    assert [tuple(row) for row in jobs] == [("j1", "n1", 0), ("j2", "", 0)]


def test_what_hours_had_so_far_is_counted_on(empty_url: str) -> None:
    make_old(empty_url, "0009")
    upgrade(empty_url)
    with Database.open(empty_url).write() as session:
        told = b"""{"at": 7, "happened_at": 7, "client": "sw", "status": "interim-update", "session_id": "2A",
                    "session_time": 600, "input_octets": 100, "output_octets": 80}"""
        accounting.store(session, AccountingBatch(node="n3", records=[(1, told)], form=bulk.form(session)))
        assert query.hours(session, "sw", "2A", since_us=0) == [query.HourlyUse(0, 100, 80)]


def test_every_version_before_the_newest_is_tried() -> None:
    config = Config()
    config.set_main_option("script_location", str(files("nac.db") / "migrations"))
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    assert known == {*FILLED, SCHEMA_VERSION}


def test_a_migration_that_fails_in_the_middle_leaves_the_old_schema(empty_url: str) -> None:
    make_old(empty_url, "0004")
    before = rows(empty_url, "0004")
    with create(empty_url).connect() as connection, connection.begin():
        connection.execute(text("CREATE TABLE sightings (in_the_way INTEGER)"))
    with pytest.raises(StorageError, match=r"sightings.*already exists") as caught:
        upgrade(empty_url)
    assert "0004" in caught.value.fix
    assert rows(empty_url, "0004") == before
    with create(empty_url).connect() as connection:
        assert schema_version(connection) == "0004"
        connection.execute(text("SELECT row_id FROM accounting"))
    with create(empty_url).connect() as connection, connection.begin():
        connection.execute(text("DROP TABLE sightings"))
    upgrade(empty_url)
    assert rows(empty_url, "0004") == before
