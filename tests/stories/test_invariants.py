"""What must stay true (docs/ARCHITECTURE.md), proven on a running server."""

from __future__ import annotations

import json
import mmap
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pysqlite3
from eapol import EapolTest, network
from lab_home import SECRET, Home
from load_generator import burst, half_open, mab_until
from nac_server import Server, serving, until
from nas import ACCESS_ACCEPT, ACCESS_REJECT, Nas, mab

from nac.events.query import AuthenticationFilter, newest

OwnServer = Callable[..., AbstractContextManager[Server]]

SHARDS = 2
MAX_CONVERSATIONS = 8192
"""Of one shard: `dataplane/server/src/limits.rs`."""

UNLIMITED = ("--rate", "1000000", "--burst", "1000000")
"""Of `nac client add`, where a story sends faster than a switch may by default."""


def test_no_packet_waits_for_python(tmp_path: Path, eapol_test: EapolTest) -> None:
    """A device and a printer are served while the GIL is held and not one Python thread can run."""
    home = Home(tmp_path / "home", settings={"server.listen": ["127.0.0.1:0"]})
    home.add_client("switch", "127.0.0.1")
    device, printer = home.enrol(), home.add_printer()
    shared_file = tmp_path / "shared"
    shared_file.write_bytes(bytes(2))
    command = [sys.executable, str(Path(__file__).with_name("gil_holder.py")), str(home.config), str(shared_file)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        assert process.stdout is not None
        assert process.stdin is not None
        host, port = json.loads(process.stdout.readline())[0].split(":")
        with shared_file.open("r+b") as file, mmap.mmap(file.fileno(), 2) as shared:
            until(lambda: shared[1] or None, "the other Python thread runs")
            process.stdin.write(b"go\n")
            process.stdin.flush()
            until(lambda: shared[0] or None, "the GIL is held")
            heartbeat = shared[1]
            with Nas((host, int(port)), secret=SECRET) as nas:
                assert nas.ask(mab(printer)).code == ACCESS_ACCEPT
            assert eapol_test(network(device), (host, int(port)), device.mac).success
            assert shared[1] == heartbeat, "no Python thread ran meanwhile"
            assert process.poll() is None
    finally:
        process.kill()
        process.wait()


def reload_times(server: Server, times: int) -> None:
    for _ in range(times):
        server.reload()


def test_a_reload_under_load_drops_no_request(own_server: OwnServer) -> None:
    """Requests are sent once; every one is answered, by a dozen snapshots one after the other."""
    with own_server(*UNLIMITED) as server:
        printer = server.home.add_printer()
        server.reload()
        first = server.status()["generation"]
        reloads = threading.Thread(target=reload_times, args=(server, 12))
        with Nas(server.v4, secret=SECRET) as nas:
            reloads.start()
            sent = mab_until(nas, printer, lambda: not reloads.is_alive())
        reloads.join()
        assert server.status()["generation"] == first + 12

        status = until(lambda: settled(server, sent), f"all {sent} requests are accounted for")
        assert status["counters"]["accepts"] == sent
        with server.database.read() as session:
            events = [one.event for one in newest(session, AuthenticationFilter(mac=printer), sent)]
        generations = {event.decision.generation for event in events if event.decision is not None}
        assert len(generations) > 6, "the load went on while the snapshots changed"


def settled(server: Server, sent: int) -> dict[str, Any] | None:
    """The server's status once each of `sent` events is stored, or was given up when the queue was full and counted."""
    status = server.status()
    counted = status["events"]["stored"] + status["counters"]["events.dropped"]
    return status if counted == sent else None


def test_twenty_thousand_half_open_conversations(own_server: OwnServer, eapol_test: EapolTest) -> None:
    """They push out each other; who answers promptly is served, through the flooded client as well."""
    with own_server(*UNLIMITED, shards=SHARDS) as server:
        device = server.home.enrol()
        server.reload()
        macs: list[str] = []

        def good_device() -> None:
            mac = server.home.fresh_mac()
            macs.append(mac)
            assert eapol_test(network(device), server.v4, mac, source="127.0.0.2").success
            assert server.counter("conversations.open") <= SHARDS * MAX_CONVERSATIONS

        begun = half_open(server.v4, SECRET, ["127.0.0.2", "127.0.0.3"], 20_480, good_device)
        good_device()
        assert begun >= 20_000
        assert len(macs) >= 5
        assert {server.event(mac).result for mac in macs} == {"accept"}
        assert server.counter("conversations.evicted") > 0
        assert server.counter("panics") == 0
        assert server.stop() == 0


def test_kill_9_during_writes(tmp_path: Path) -> None:
    """Whenever it is killed, the database opens, what was stored is there, and the server starts."""
    home = Home(tmp_path / "home")
    home.add_client("switch", "127.0.0.1", *UNLIMITED)
    printer = home.add_printer()
    kept = 0
    for _ in range(3):
        kept = write_and_be_killed(home, printer, kept + 200)
        database = pysqlite3.connect(home.folder / "state/nac.db")
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []
        database.close()
    with serving(home) as server, Nas(server.v4, secret=SECRET) as nas:
        assert stored_events(server) >= kept
        assert nas.ask(mab(printer)).code == ACCESS_ACCEPT


def write_and_be_killed(home: Home, mac: str, goal: int) -> int:
    """Kill a server in the middle of its work, once it has stored `goal` events; how many it had stored."""
    server = Server(home)
    try:
        server.wait_until_ready()
        with Nas(server.v4, secret=SECRET) as nas:
            mab_until(nas, mac, lambda: stored_events(server) >= goal)
            kept = stored_events(server)
            for request in [nas.request(mab(mac)) for _ in range(100)]:
                nas.send(request)
        return kept
    finally:
        server.kill()


def stored_events(server: Server) -> int:
    with server.database.read() as session:
        return len(newest(session, AuthenticationFilter(), 1_000_000))


def test_many_requests_at_once(own_server: OwnServer) -> None:
    """A burst from one switch: as many answers as questions, each with its own decision."""
    with own_server() as server:
        printer, stranger = server.home.add_printer(), server.home.fresh_mac()
        server.reload()
        with Nas(server.v4, secret=SECRET) as nas:
            macs = [printer if number % 2 else stranger for number in range(200)]
            replies = burst(nas, [nas.request(mab(mac)) for mac in macs])
        codes = [ACCESS_ACCEPT if mac == printer else ACCESS_REJECT for mac in macs]
        assert [reply.code for reply in replies] == codes
