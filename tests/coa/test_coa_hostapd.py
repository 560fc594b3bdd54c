"""A real switch of a kind: hostapd on a veth pair, with its own accounting and dynamic authorization server, and a real
wpa_supplicant at the other end. Needs root for the network namespace."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from eapol import network, require
from lab_home import SECRET, Device, Home
from nac_server import Server, serving, until
from sqlalchemy import select

from nac.coa.history import JobFilter, newest_jobs
from nac.db.schema import Accounting
from nac.events.types import CoaEvent

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="a network namespace needs root")

HOSTAPD = """\
interface={interface}
driver=wired
ctrl_interface={folder}/hostapd
ieee8021x=1
use_pae_group_addr=1
own_ip_addr=127.0.0.1
nas_identifier=lab-hostapd
auth_server_addr=127.0.0.1
auth_server_port={auth}
auth_server_shared_secret={secret}
acct_server_addr=127.0.0.1
acct_server_port={acct}
acct_server_shared_secret={secret}
radius_das_port={das}
radius_das_client=127.0.0.1 {secret}
radius_das_require_event_timestamp=1
radius_das_require_message_authenticator=1
"""


@dataclass
class Lan:
    """A wire between hostapd and a namespace of its own in which the supplicant lives."""

    namespace: str
    switch_end: str
    device_end: str


@pytest.fixture
def lan() -> Iterator[Lan]:
    number = os.getpid()
    one = Lan(f"nac-{number}", f"nacs{number}"[:15], f"nacd{number}"[:15])
    ip("netns", "add", one.namespace)
    try:
        ip("link", "add", one.switch_end, "type", "veth", "peer", "name", one.device_end, "netns", one.namespace)
        ip("link", "set", one.switch_end, "up")
        ip("-n", one.namespace, "link", "set", one.device_end, "up")
        yield one
    finally:
        ip("netns", "del", one.namespace)


def ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


@contextlib.contextmanager
def running(log: Path, *command: str) -> Iterator[None]:
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, stdin=subprocess.DEVNULL)
        try:
            yield
        finally:
            process.terminate()
            process.wait()


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.bind(("127.0.0.1", 0))
        return int(line.getsockname()[1])


def statuses(server: Server) -> list[str]:
    """What hostapd accounted for, in order."""
    with server.database.read() as session:
        query = select(Accounting.status).where(Accounting.session_id.is_not(None)).order_by(Accounting.sequence)
        return list(session.scalars(query))


def changes(server: Server) -> list[CoaEvent]:
    with server.database.read() as session:
        return newest_jobs(session, JobFilter(), 10)


@contextlib.contextmanager
def station(home: Home, server: Server, lan: Lan, folder: Path, das: int) -> Iterator[Device]:
    """hostapd and a supplicant that has logged in."""
    host, _, acct = server.status()["accounting_addresses"][0].rpartition(":")
    assert host == "127.0.0.1"
    device = home.enrol()
    server.reload()
    configuration = folder / "hostapd.conf"
    configuration.write_text(
        HOSTAPD.format(
            interface=lan.switch_end, folder=folder, auth=server.v4[1], acct=acct, das=das, secret=SECRET.decode()
        )
    )
    profile = folder / "supplicant.conf"
    wired = network(device, settings={"key_mgmt": "IEEE8021X", "eapol_flags": "0"})
    profile.write_text(f"ctrl_interface={folder}/supplicant\nap_scan=0\n{wired}")
    supplicant = ["ip", "netns", "exec", lan.namespace, "wpa_supplicant", "-D", "wired", "-i", lan.device_end]
    with (
        running(folder / "hostapd.log", "hostapd", "-dd", str(configuration)),
        running(folder / "supplicant.log", *supplicant, "-c", str(profile), "-dd"),
    ):
        until(
            lambda: "start" in statuses(server) or None,
            "hostapd accounts for the session",
            why=lambda: "\n".join(
                (folder / name).read_text(errors="replace")[-6000:] for name in ("hostapd.log", "supplicant.log")
            ),
        )
        yield device


def stations(folder: Path, lan: Lan) -> str:
    """What hostapd knows of its stations, as `hostapd_cli all_sta` tells it."""
    command = ["hostapd_cli", "-p", str(folder / "hostapd"), "-i", lan.switch_end, "all_sta"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_hostapd_drops_the_station_of_a_disabled_user(tmp_path: Path, lan: Lan) -> None:
    require("hostapd", "hostapd")
    require("wpa_supplicant", "wpasupplicant")
    home, das = Home(tmp_path / "home"), free_port()
    home.add_client("hostapd", "127.0.0.1", "--dialect", "hostapd", "--coa-port", str(das))
    with serving(home) as server, station(home, server, lan, tmp_path, das) as device:
        (session,) = home.json("session", "list")
        assert (session["client"], session["identity_user"], session["state"]) == ("hostapd", device.user, "active")
        assert session["acct_session_id"]
        assert "503" in home.nac("client", "test-coa", "hostapd")
        assert "AUTHORIZED" in stations(tmp_path, lan)

        home.nac("user", "disable", device.user)

        def confirmed() -> CoaEvent | None:
            return next((job for job in changes(server) if job.state == "confirmed"), None)

        job = until(confirmed, "the change is confirmed", why=lambda: f"{changes(server)}\n{server.log()}")
        print(f"hostapd: confirmed after {((job.ended_at or 0) - job.decided_at) / 1000:.1f} ms by {job.by}")
        assert (job.cause, job.tries[0].answer) == ("user_disabled", "ack")
        assert "AUTHORIZED" not in stations(tmp_path, lan)
        until(lambda: "stop" in statuses(server) or None, "hostapd accounts for the end", why=server.log)
        assert home.json("session", "list") == []
