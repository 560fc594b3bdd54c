"""How long a report that changes a verdict takes to reach the switch, among many live sessions and many reporters: a
server, one simulated switch, real reports over TLS.

Every device has a session, and reports come at the pace of one from each in five minutes, from a process of its own.
Beside them one device after another says that its firewall is off.
"""

from __future__ import annotations

import multiprocessing
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from lab.bench.reporter import Agent, Desk, holders
from lab.demo.command import Nac
from lab.demo.server import serving
from lab.nas import das, makes
from lab.nas.das import Das, Port, mab_login
from nac.coa.history import JobFilter, newest_jobs
from nac.config import render_default
from nac.db import Database, revision
from nac.db.schema import Device, DeviceMac
from nac.events.types import CoaEvent
from nac.pki.authority import Authority
from nac.pki.key_kind import PublicKey
from nac.pki.names import ClientNames
from nac.pki.profile import Validity, client_certificate

DEVICES: Final = 10_000
CHANGES: Final = 200
EVERY_S: Final = 300.0
"""Seconds between two reports of a device."""

REPORTERS: Final = 2_000
"""Devices that report at the pace of all `DEVICES`: each in turn, and none so often that it would be refused."""

SERVER_NAME: Final = "radius.bench.example"
POLICY: Final = """\
segment work { vlan 10 }
segment remediation { vlan 66 }
posture all { require firewall  require disk_encryption  forbid rogue_notebook }
place in remediation when posture.status = "unhealthy"
place in work when device.managed
"""

_AT_ONCE: Final = 4
_BETWEEN_S: Final = 0.1
_WARM_UP_S: Final = 5.0
_PATIENCE_S: Final = 120.0
_SECRET: Final = b"only for this measurement"


@dataclass(frozen=True)
class PostureCoa:
    """Milliseconds from the moment at which a report was sent, one for each change. `pace`: reports of the others that
    were taken each second meanwhile."""

    answered_ms: list[float]
    wire_ms: list[float]
    confirmed_ms: list[float]
    pace: float


def measure(folder: Path) -> PostureCoa:
    """Logs `DEVICES` in, has them report, and lets `CHANGES` of them fail a check, one after another."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    nac = Nac(folder)
    nac("init", ".", "--server-name", SERVER_NAME)
    config = folder / "nac.toml"
    config.write_text(render_default({"server.listen": ["127.0.0.1:0"], "posture.listen": ["127.0.0.1:0"]}))
    (policy,) = (folder / "policy").glob("*.policy")
    policy.write_text(POLICY)
    with das.serving(Das(makes.STANDARD, _SECRET)) as switch:
        (folder / "secret").write_bytes(_SECRET)
        limits = ("--rate", "1000000", "--burst", "1000000", "--coa-port", str(switch.address[1]))
        nac("client", "add", "switch", "127.0.0.1", "--secret-file", "secret", *limits)
        database = Database.open(f"sqlite:///{folder}/state/nac.db")
        try:
            _add_devices(database)
            with serving(nac):
                return _run(nac, switch, database, folder)
        finally:
            database.close()


def _run(nac: Nac, switch: Das, database: Database, folder: Path) -> PostureCoa:
    _log_in(nac, switch)
    changing, reporting = _agents(nac, folder)
    for agent in changing:
        agent.report()
    _settle(nac)
    with _reporting(reporting):
        time.sleep(_WARM_UP_S)
        began, before = time.monotonic(), _taken(nac)
        sent = {_mac(number): moments for number, moments in enumerate(_change(changing))}
        pace = (_taken(nac) - before - CHANGES) / (time.monotonic() - began)
        jobs = _confirmed(database)
    arrived = {dict(one.attributes)[31].decode(): one.at for one in reversed(switch.received)}
    return PostureCoa(
        answered_ms=[(answered - at) / 1000 for at, answered in sent.values()],
        wire_ms=[(arrived[mac] - at) / 1000 for mac, (at, _) in sent.items()],
        confirmed_ms=[((job.ended_at or 0) - sent[job.mac or ""][0]) / 1000 for job in jobs],
        pace=pace,
    )


def _settle(nac: Nac) -> None:
    """Until the database has what the logins brought about, which is not what is measured. Raises `TimeoutError`."""
    deadline = time.monotonic() + _PATIENCE_S
    while nac.json("status")["journal"]["waiting"]:
        if time.monotonic() > deadline:
            raise TimeoutError("the journal is not drained")
        time.sleep(_BETWEEN_S)


def _taken(nac: Nac) -> int:
    return int(nac.json("status")["posture"]["counters"]["posture.accepted"])


def _mac(number: int) -> str:
    return f"02-00-00-{number >> 16 & 0xFF:02X}-{number >> 8 & 0xFF:02X}-{number & 0xFF:02X}"


def _name(number: int) -> str:
    return f"laptop-{number}"


def _add_devices(database: Database) -> None:
    """In one go: as many calls of `Devices.add` would take minutes."""
    with database.write() as session:
        newest, now = revision.bump(session), int(time.time())
        session.add_all(
            Device(
                name=_name(number),
                key=_name(number),
                managed=True,
                revision=newest,
                created_at=now,
                macs=[DeviceMac(mac=_mac(number).replace("-", ":").lower())],
            )
            for number in range(DEVICES)
        )


def _log_in(nac: Nac, switch: Das) -> None:
    status = nac.json("status")
    server, switch.accounting = _address(status["addresses"][0]), _address(status["accounting_addresses"][0])
    for number in range(DEVICES):
        switch.plug_in(Port(_mac(number), f"{number:08X}", _login(server, _mac(number))))


def _login(server: tuple[str, int], mac: str) -> Callable[[], bool]:
    return lambda: mab_login(server, _SECRET, mac)


def _agents(nac: Nac, folder: Path) -> tuple[list[Agent], list[Agent]]:
    """Those that will change, and those that go on as they are."""
    authority = Authority.open(folder / "pki")
    signer, validity = authority.signer("issuing"), Validity.starting(datetime.now(UTC), 2)

    def issue(name: str, key: PublicKey) -> x509.Certificate:
        names = ClientNames(device=name)
        return client_certificate(names.subject(), names.alternatives(), [], key, signer, validity)

    files = folder / "devices"
    files.mkdir()
    ca = files / "ca.pem"
    ca.write_bytes(authority.root.public_bytes(Encoding.PEM))
    address = _address(nac.json("status")["posture"]["addresses"][0])
    desk = Desk(address, SERVER_NAME, authority.issuing.public_bytes(Encoding.PEM), ca, files)
    agents = [Agent(one, desk) for one in holders([_name(number) for number in range(CHANGES + REPORTERS)], issue)]
    return agents[:CHANGES], agents[CHANGES:]


@contextmanager
def _reporting(agents: Sequence[Agent]) -> Iterator[None]:
    """In a process of its own, so that the switch keeps its time."""
    context = multiprocessing.get_context("fork")
    over = context.Event()
    process = context.Process(target=_report_all, args=(agents, over))
    process.start()
    try:
        yield
    finally:
        over.set()
        process.join()


def _report_all(agents: Sequence[Agent], over: Event) -> None:
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        for first in range(_AT_ONCE):
            threads.submit(_report_in_turn, agents[first::_AT_ONCE], over)


def _report_in_turn(agents: Sequence[Agent], over: Event) -> None:
    due = time.monotonic()
    while True:
        for agent in agents:
            due += _AT_ONCE * EVERY_S / DEVICES
            if over.wait(max(0.0, due - time.monotonic())):
                return
            agent.report()


def _change(agents: Sequence[Agent]) -> Iterator[tuple[int, int]]:
    for agent in agents:
        yield agent.report(failed="firewall")
        time.sleep(_BETWEEN_S)


def _confirmed(database: Database) -> list[CoaEvent]:
    """The changes, once all have ended. Raises `TimeoutError`."""
    deadline = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline:
        with database.read() as session:
            found = newest_jobs(session, JobFilter(state="confirmed"), 2 * CHANGES)
        if len(found) == CHANGES:
            return found
        time.sleep(_BETWEEN_S)
    raise TimeoutError(f"{len(found)} of {CHANGES} changes are confirmed")


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    return host, int(port)
