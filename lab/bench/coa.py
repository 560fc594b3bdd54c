"""How long a changed fact takes to reach the switch, among many live sessions: a server, one simulated switch."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lab.demo.command import Nac
from lab.demo.server import serving
from lab.nas import das, makes
from lab.nas.das import Das, Port, mab_login
from nac.coa.history import JobFilter, newest_jobs
from nac.config import render_default
from nac.db import Database
from nac.db.audit import os_user
from nac.events.types import CoaEvent
from nac.identity.devices import DeviceChange, Devices, NewDevice
from nac.identity.mac import MacAddress
from nac.identity.name import Name

SESSIONS: Final = 10_000
CHANGES: Final = 200

_BETWEEN_S: Final = 0.1
_PATIENCE_S: Final = 120.0
_SECRET: Final = b"only for this measurement"


@dataclass(frozen=True)
class Coa:
    """Milliseconds from the moment at which the data plane had a fact, one for each change."""

    wire_ms: list[float]
    confirmed_ms: list[float]


def measure(folder: Path) -> Coa:
    """Logs `SESSIONS` devices in and disables `CHANGES` of them, one after another."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    nac = Nac(folder)
    nac("init", ".")
    (folder / "nac.toml").write_text(render_default({"server.listen": ["127.0.0.1:0"]}))
    with das.serving(Das(makes.STANDARD, _SECRET)) as switch:
        (folder / "secret").write_bytes(_SECRET)
        limits = ("--rate", "1000000", "--burst", "1000000", "--coa-port", str(switch.address[1]))
        nac("client", "add", "switch", "127.0.0.1", "--secret-file", "secret", *limits)
        database = Database.open(f"sqlite:///{folder}/state/nac.db")
        try:
            _add_devices(database)
            with serving(nac):
                _log_in(nac, switch)
                jobs = _change(database)
        finally:
            database.close()
    arrived = {dict(one.attributes)[31].decode(): one.at for one in reversed(switch.received)}
    return Coa(
        wire_ms=[(arrived[job.mac or ""] - job.due_at) / 1000 for job in jobs],
        confirmed_ms=[((job.ended_at or 0) - job.due_at) / 1000 for job in jobs],
    )


def _mac(number: int) -> str:
    return f"02-00-00-{number >> 16 & 0xFF:02X}-{number >> 8 & 0xFF:02X}-{number & 0xFF:02X}"


def _add_devices(database: Database) -> None:
    with database.write() as session:
        devices = Devices(session, actor=os_user(), now=int(time.time()))
        for number in range(SESSIONS):
            name = Name.parse(f"printer-{number}")
            devices.add(NewDevice(name, [MacAddress.parse(_mac(number))], kind="printer"))


def _log_in(nac: Nac, switch: Das) -> None:
    status = nac.json("status")
    server, switch.accounting = _address(status["addresses"][0]), _address(status["accounting_addresses"][0])
    for number in range(SESSIONS):
        switch.plug_in(Port(_mac(number), f"{number:08X}", _login(server, _mac(number))))


def _login(server: tuple[str, int], mac: str) -> Callable[[], bool]:
    return lambda: mab_login(server, _SECRET, mac)


def _change(database: Database) -> list[CoaEvent]:
    """Disables devices spread over all of them; the changes, once all have ended. Raises `TimeoutError`."""
    for number in range(0, SESSIONS, SESSIONS // CHANGES):
        with database.write() as session:
            devices = Devices(session, actor=os_user(), now=int(time.time()))
            devices.change(f"printer-{number}", DeviceChange(disabled=True))
        time.sleep(_BETWEEN_S)
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
