"""What was answered is kept, once; what cannot be kept is not answered; and logins go on (docs/journal.md)."""

from __future__ import annotations

import os
import random
import re
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pysqlite3
import pytest
from accounting_nas import AccountingNas
from lab_home import SECRET, Home
from nac_server import Server, drained, serving, until
from nas import ACCESS_ACCEPT, Nas, mab
from sqlalchemy import func, select

from nac.db.schema import Accounting

KILLS = int(os.environ.get("NAC_KILLS", "10"))


def accounting_address(server: Server) -> tuple[str, int]:
    host, _, port = server.status()["accounting_addresses"][0].rpartition(":")
    return host, int(port)


def fix_ports(home: Home) -> tuple[str, int]:
    """Let the kernel choose the accounting port once; later servers get the same."""
    with serving(home) as server:
        host, port = accounting_address(server)
    home.configure({"server.accounting": [f"{host}:{port}"]})
    return host, port


def stored(server: Server) -> Counter[str]:
    """How often each session is stored."""
    with server.database.read() as session:
        rows = session.execute(select(Accounting.session_id, func.count()).group_by(Accounting.session_id))
        return Counter({session_id or "": count for session_id, count in rows})


@contextmanager
def locked(home: Home) -> Iterator[None]:
    """The database, locked by somebody else."""
    other = pysqlite3.connect(home.folder / "state/nac.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


def segments(home: Home) -> list[Path]:
    return sorted((home.folder / "state/journal").glob("*.journal"))


def test_kill_9_under_load_loses_nothing_that_was_answered_and_stores_nothing_twice(home: Home) -> None:
    address = fix_ports(home)
    chance = random.Random(2866)
    nas = AccountingNas(address, SECRET)
    with nas.working():
        for _ in range(KILLS):
            goal = len(nas.answered) + chance.randrange(1, 1500)
            server = Server(home)
            server.wait_until_ready()
            until(lambda goal=goal: len(nas.answered) >= goal or None, "the switch is answered", why=server.log)
            server.kill()
        server = Server(home)
        server.wait_until_ready()
    try:
        until(lambda: drained(server), "the journal is drained", why=server.log)
        assert server.status()["journal"]["damaged"] == []
        rows = stored(server)
        assert nas.answered - set(rows) == set(), "answered, and not stored"
        assert {session: count for session, count in rows.items() if count > 1} == {}, "stored twice"
        assert set(rows) == nas.answered, "in the end all was answered"
    finally:
        server.stop()


def test_while_the_database_is_locked_accounting_is_answered_and_stored_later(home: Home) -> None:
    with serving(home) as server:
        nas = AccountingNas(accounting_address(server), SECRET)
        with locked(home):
            with nas.working():
                until(lambda: len(nas.answered) > 500 or None, "the switch is answered", why=server.log)
            assert server.status()["journal"]["waiting"] >= 500
            assert stored(server) == {}
        until(lambda: drained(server), "the journal is drained", why=server.log)
        assert stored(server) == Counter(nas.answered)


@contextmanager
def small_disk(home: Home) -> Iterator[None]:
    """The journal on a file system of one MiB."""
    folder = home.folder / "state/journal"
    folder.mkdir(mode=0o700)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(folder)], capture_output=True)
    if mounted.returncode:
        pytest.skip("file systems cannot be mounted here")
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_keeps_accounting_from_being_answered_and_logins_go_on(home: Home) -> None:
    printer = home.add_printer()
    with small_disk(home), serving(home) as server, Nas(server.v4, secret=SECRET) as switch:
        nas = AccountingNas(accounting_address(server), SECRET)
        with nas.working():
            with locked(home):
                until(lambda: server.counter("accounting.unrecorded") or None, "the disk is full", why=server.log)
                answered = len(nas.answered)
                assert switch.ask(mab(printer)).code == ACCESS_ACCEPT
                journal = server.status()["journal"]
                assert journal["alarm"] == "failing"
                assert "No space left" in journal["error"]
                until(lambda: "journal" in server.status()["failing"] or None, "the alarm is told", why=server.log)
                assert len(nas.answered) == answered
            until(lambda: len(nas.answered) > answered or None, "it goes on by itself", why=server.log)
        until(lambda: drained(server), "the journal is drained", why=server.log)
        assert stored(server) == Counter(nas.answered)
        assert server.event(printer).result == "accept", "an event of that time is not lost either"
        until(
            lambda: "journal" not in server.status()["failing"] or None,
            "the alarm ends",
            why=lambda: f"{server.status()}\n{server.log()}",
        )


NAS_IDENTIFIER = b"\x20\x0efault-switch"
"""In an accounting record; the events of sessions that stand between them have it as text."""


def damage_in_the_middle(home: Home) -> int:
    path = segments(home)[0]
    octets = bytearray(path.read_bytes())
    records = [found.start() for found in re.finditer(NAS_IDENTIFIER, octets)]
    octets[records[len(records) // 2]] ^= 0x40
    path.write_bytes(octets)
    return 1


def torn_at_the_end(home: Home) -> int:
    path = segments(home)[-1]
    os.truncate(path, path.read_bytes().rindex(NAS_IDENTIFIER))
    return 1


def damaged_header(home: Home) -> int:
    path = segments(home)[0]
    octets = bytearray(path.read_bytes())
    octets[:8] = b"\xff" * 8
    path.write_bytes(octets)
    return 0


@pytest.mark.parametrize("damage", [damage_in_the_middle, torn_at_the_end, damaged_header])
def test_a_damaged_journal_costs_what_was_hit_and_the_server_starts(home: Home, damage: Callable[[Home], int]) -> None:
    server = Server(home)
    server.wait_until_ready()
    nas = AccountingNas(accounting_address(server), SECRET)
    with locked(home):
        with nas.working():
            until(lambda: len(nas.answered) > 200 or None, "the switch is answered", why=server.log)
        server.kill()
    lost = damage(home)
    with serving(home) as server:
        until(lambda: drained(server), "the journal is drained", why=server.log)
        rows = stored(server)
        assert set(rows) <= nas.answered
        assert len(nas.answered) - len(rows) == lost
        journal = server.status()["journal"]
        assert bool(journal["torn"]) == (damage is torn_at_the_end)
        assert len(journal["damaged"]) == (damage is not torn_at_the_end)
        assert "journal.torn" in server.log() or "journal.damaged" in server.log()
        again = AccountingNas(accounting_address(server), SECRET)
        with again.working():
            until(lambda: len(again.answered) > 10 or None, "the switch is answered again", why=server.log)
