"""Make the campus: namespaces, cables, servers, switches, nac. What an earlier lab of the folder left goes first."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from lab.campus import capture, links, namespace, teardown
from lab.campus.error import LabError
from lab.campus.nac_home import prepare, serve, until
from lab.campus.plan import NAC, SERVERS, SWITCHES
from lab.campus.probe import answering
from lab.campus.state import STATE, Lab

PROGRAMS: Final = ("ip", "nft", "hostapd", "wpa_supplicant", "tcpdump")
_OURS: Final = (
    "nac",
    "switches",
    "hosts",
    "devices",
    "agents",
    "captures",
    "report",
    "estate.log",
    "residents.json",
    "lock",
    STATE,
)
"""What a lab writes into its folder; nothing else there is ever removed."""

ROOT: Final = Path(__file__).resolve().parents[2]


def require() -> None:
    """Raises `LabError` where a lab cannot be: without root, or without a program."""
    if sys.platform != "linux" or os.geteuid() != 0:
        raise LabError("a lab makes network namespaces, which needs root", fix="run it as root: sudo nac lab up")
    missing = [program for program in PROGRAMS if shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin") is None]
    if missing:
        raise LabError(f"{', '.join(missing)} not installed", fix="as root: make deps")


def up(folder: Path) -> Lab:
    """A running campus in `folder`, new. Raises `LabError`; then nothing of it is left."""
    require()
    _clear(folder)
    lab = Lab.new(folder)
    try:
        _build(lab)
    except BaseException:
        teardown.down(lab)
        raise
    return lab


def _clear(folder: Path) -> None:
    """Remove what an earlier lab left in this folder. Raises `LabError` when something else is there."""
    earlier = Lab.found(folder)
    if earlier is None:
        if folder.exists() and any(folder.iterdir()):
            raise LabError(f"{folder} is not empty, and no lab", fix="name another folder with --folder")
        return
    teardown.down(earlier)
    for name in _OURS:
        path = folder / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def _build(lab: Lab) -> None:
    links.make(lab.core, routes=True)
    _attach(lab, "nac", NAC)
    for server in SERVERS:
        _attach(lab, server.name, server.address)
    _start(lab, "core", "lab.campus.estate", lab.id, log=lab.folder / "estate.log")
    nac = prepare(lab)
    serve(lab, nac)
    for switch in SWITCHES:
        _attach(lab, switch.name, switch.address, routes=True)
        namespace.batch([f"route add {switch.subnet} via {switch.address} dev {switch.name} onlink"], lab.core)
        capture.start(lab, switch)
        folder = lab.switch(switch.name)
        _start(lab, switch.name, "lab.campus.switch", switch.name, str(folder), log=folder / "log")
    silent = {server.name for server in SERVERS} - {server.name for server in answering(lab.core, SERVERS, SERVERS)}
    if silent:
        raise LabError(f"these servers do not answer: {', '.join(sorted(silent))}")


def _attach(lab: Lab, part: str, address: str, *, routes: bool = False) -> None:
    end = lab.namespace(part)
    links.make(end, routes=routes)
    links.attach(lab.core, part, end, address)


def _start(lab: Lab, part: str, module: str, *arguments: str, log: Path) -> None:
    """A process of ours in a namespace, ready when it says so."""
    words = [sys.executable, "-m", module, *arguments]
    process: subprocess.Popen[bytes] = namespace.start(
        lab.namespace(part), "env", f"PYTHONPATH={ROOT}", *words, log=log
    )

    def is_ready() -> bool | None:
        return True if "ready" in log.read_text() else None

    until(is_ready, f"{module} is ready", alive=[process], log=log)
