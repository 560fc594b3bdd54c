"""The machine around nac fails: full disks, a log that nobody reads, a clock that jumps, more packets than fit."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from accounting_nas import AccountingNas, accounting_request, is_answer
from lab_home import SECRET, Home
from nac_server import drained, serving, until
from nas import ACCESS_ACCEPT, Nas, mab
from test_journal_faults import accounting_address, stored

FAKETIME = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)


@contextmanager
def small_state(home: Home) -> Iterator[Path]:
    """The whole state folder - database, journal, everything - on a file system of 16 MiB."""
    folder = home.folder / "state"
    kept = home.folder / "state-before"
    folder.rename(kept)
    folder.mkdir(mode=0o700)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m,mode=0700", "none", str(folder)], check=False)
    if mounted.returncode:
        pytest.skip("file systems cannot be mounted here")
    try:
        subprocess.run(["cp", "-a", f"{kept}/.", str(folder)], check=True)
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def fill(folder: Path) -> Path:
    """Take all the room that is left."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (1 << 16, 1 << 12):
            try:
                while file.write(bytes(size)):
                    pass
            except OSError:
                continue
    return ballast


def test_a_full_state_disk_costs_no_login_and_ends_by_itself(home: Home) -> None:
    printer = home.add_printer()
    with small_state(home) as state, serving(home) as server, Nas(server.v4, secret=SECRET) as switch:
        nas = AccountingNas(accounting_address(server), SECRET)
        with nas.working():
            until(lambda: len(nas.answered) > 100 or None, "the switch is answered", why=server.log)
            ballast = fill(state)
            until(lambda: server.counter("accounting.unrecorded") or None, "the disk is full", why=server.log)
            assert switch.ask(mab(printer)).code == ACCESS_ACCEPT
            until(lambda: "journal" in server.status()["failing"] or None, "the alarm is told", why=server.log)
            answered = len(nas.answered)
            ballast.unlink()
            until(lambda: len(nas.answered) > answered or None, "it goes on by itself", why=server.log)
        until(lambda: drained(server), "the journal is drained", why=server.log)
        assert stored(server) == Counter(nas.answered)
        assert server.event(printer).result == "accept"


def test_a_full_log_disk_costs_log_lines_and_nothing_else(home: Home) -> None:
    printer = home.add_printer()
    with open("/dev/full", "wb") as full, serving(home, log=full.fileno()) as server:  # noqa: PTH123 - a device
        with Nas(server.v4, secret=SECRET) as switch:
            assert switch.ask(mab(printer)).code == ACCESS_ACCEPT
        server.reload()
        until(lambda: server.status()["log"]["lost"] or None, "lines are counted")
        assert server.event(printer).result == "accept"
        assert server.stop() == 0


def test_a_log_reader_that_is_stuck_holds_nobody_up(home: Home) -> None:
    """The pipe is full from the start: every line waits, then is lost."""
    printer = home.add_printer()
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    with suppress(BlockingIOError):
        while os.write(writing, bytes(1 << 16)):
            pass
    os.set_blocking(writing, True)
    try:
        with serving(home, log=writing) as server, Nas(server.v4, secret=SECRET) as switch:
            assert switch.ask(mab(printer)).code == ACCESS_ACCEPT
            server.reload()
            assert server.event(printer).result == "accept"
            assert server.stop() == 0
    finally:
        os.close(reading)
        os.close(writing)


@contextmanager
def movable_clock(folder: Path) -> Iterator[tuple[dict[str, str], Path]]:
    """An environment whose wall clock is moved by writing an offset into a file; the monotonic clock stays true."""
    if FAKETIME is None:
        pytest.fail("libfaketime is not installed: apt-get install faketime", pytrace=False)
    offset = folder / "offset"
    offset.write_text("+0\n")
    yield (
        {
            "LD_PRELOAD": str(FAKETIME),
            "FAKETIME_TIMESTAMP_FILE": str(offset),
            "FAKETIME_NO_CACHE": "1",
            "DONT_FAKE_MONOTONIC": "1",
        },
        offset,
    )


@pytest.mark.parametrize("jump", ["+2h", "-2h", "+900d"])
def test_a_clock_that_jumps_holds_nothing_up(home: Home, tmp_path: Path, jump: str) -> None:
    """MAC authentication asks no certificate: those are judged by the new time, as they must be."""
    first, second = home.add_printer(), home.add_printer()
    with movable_clock(tmp_path) as (environment, offset), serving(home, environment=environment) as server:
        with Nas(server.v4, secret=SECRET) as switch:
            nas = AccountingNas(accounting_address(server), SECRET)
            with nas.working():
                until(lambda: len(nas.answered) > 100 or None, "the switch is answered", why=server.log)
                assert switch.ask(mab(first)).code == ACCESS_ACCEPT
                offset.write_text(f"{jump}\n")
                answered = len(nas.answered)
                until(lambda: len(nas.answered) > answered + 500 or None, "accounting goes on", why=server.log)
                assert switch.ask(mab(second)).code == ACCESS_ACCEPT
            until(lambda: drained(server), "the journal is drained", why=server.log)
        assert stored(server) == Counter(nas.answered)
        apart = server.event(second).at - server.event(first).at
        assert (apart > 3_000_000_000) if jump.startswith("+") else (apart < -3_000_000_000), "the clock did jump"


def test_a_receive_buffer_that_overflows_is_counted(home: Home) -> None:
    """While the process stands still the kernel drops what does not fit, and says so with the next datagram."""
    printer = home.add_printer()
    with serving(home) as server, Nas(server.v4, secret=SECRET) as switch:
        packet, line = bytes(4096), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        os.kill(server.pid, signal.SIGSTOP)
        try:
            with line:
                for _ in range(20_000):
                    line.sendto(packet, server.v4)
        finally:
            os.kill(server.pid, signal.SIGCONT)
        assert switch.ask(mab(printer)).code == ACCESS_ACCEPT
        until(lambda: server.counter("kernel.dropped") or None, "it is counted", why=server.log)
        assert "dropped by the kernel" in home.nac("status")


STORM = 500


def test_one_packet_again_and_again_is_one_login_and_one_record(home: Home) -> None:
    """Sent by a switch that hears no answer: the same answer each time, one event, one row."""
    printer = home.add_printer()
    with serving(home) as server, Nas(server.v4, secret=SECRET) as switch:
        login, record = switch.request(mab(printer)), accounting_request(SECRET, 7, "STORM")
        assert len(repeated(switch.socket, login, server.v4)) == 1
        answers = repeated(switch.socket, record, accounting_address(server))
        assert len(answers) == 1
        assert is_answer(answers.pop(), record, SECRET)
        until(lambda: drained(server), "the journal is drained", why=server.log)
        assert stored(server) == {"STORM": 1}
        assert server.event(printer).result == "accept"
        assert server.counter("accepts") == 1
        assert server.counter("duplicates") == server.counter("accounting.duplicates") == STORM - 1


def repeated(line: socket.socket, octets: bytes, to: tuple[str, int]) -> set[bytes]:
    """The distinct answers to one packet that is sent `STORM` times, the first of them awaited."""
    answers = set()
    for _ in range(STORM):
        line.sendto(octets, to)
        answers.add(line.recv(4096))
    return answers


def test_a_typo_keeps_the_running_configuration_and_says_so(home: Home) -> None:
    printer = home.add_printer()
    with serving(home) as server, Nas(server.v4, secret=SECRET) as switch:
        good = home.config.read_text()
        home.config.write_text(good.replace("[server]", "[sever]", 1))
        assert "sever" in home.nac("reload", code=3)
        until(lambda: "reload.refused" in server.log() or None, "it noticed by itself", why=server.log)
        assert switch.ask(mab(printer)).code == ACCESS_ACCEPT
        home.config.write_text(good)
        assert "is published" in home.nac("reload")
