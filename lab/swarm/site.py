"""A server for a swarm: the policy of the AI estate, people of each kind with laptops, and switches that it knows."""

from __future__ import annotations

import secrets
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from click.testing import CliRunner

from lab.campus.error import LabError
from lab.campus.nac_home import PROGRAM, SERVER_NAME, Nac, until
from lab.swarm import laptops
from nac.cli import cli
from nac.config import render_default
from nac.db import Database
from nac.pki.authority import Authority
from nac.policy.load import load

SOURCES: Final = "127.9.0.0/28"
"""Where the switches are; they take turns on its addresses."""

SWITCH: Final = "127.9.0.1"
"""The first of them."""

BURST: Final = 2_000
_LEAST_RATE: Final = 1_000
_STOP_S: Final = 15.0


@dataclass(frozen=True)
class Kind:
    """People whose devices belong in one segment of the policy. `posture` is their laptop's."""

    segment: str
    group: str
    posture: str = "healthy"


KINDS: Final = (
    Kind("ml-engineering", "ml-engineering"),
    Kind("data-science", "data-science"),
    Kind("operations", "devops"),
    Kind("office", "business"),
    Kind("remediation", "ml-engineering", posture="unhealthy"),
)
"""Devices take turns: the first is of the first kind, and so on around."""

REPORTING_KINDS: Final = tuple(kind for kind in KINDS if kind.posture == "healthy")
"""The same where devices report, and decide themselves whether they are healthy."""

NARROWED: Final = "remediation"
"""The segment of laptops that are not."""

POSTURES: Final = """\
# What the swarm's agents are asked for; one that reports a firewall that is off is unhealthy at once.
posture swarm {
    applies when device.managed
    require disk_encryption
    require firewall
    require agent_integrity
    forbid rogue_notebook
}
"""


@dataclass(frozen=True)
class Site:
    """A running server. `posture`: where laptops report, and `coa_port`: where it sends changes of authorization, None
    where nobody reports. `vlans`: VLAN of each segment in `KINDS`."""

    pid: int
    address: str
    accounting: str
    posture: str | None
    coa_port: int | None
    secret: Path
    certificates: Path
    root: Path
    vlans: dict[str, str]


@contextmanager
def serving(folder: Path, rate: float, *, reporting: int = 0) -> Iterator[Site]:
    """A server in `folder`, which must be empty or missing, for a swarm of `rate` arrivals a second. `reporting`: how
    many laptops report their posture, each with a certificate of its own; 0: one for each of `KINDS`, and none reports.

    Raises `LabError`.
    """
    done = CliRunner().invoke(cli, ["init", str(folder), "--example", "ai-estate", "--server-name", SERVER_NAME])
    if done.exit_code:
        raise LabError(f"nac init: {done.output}{done.stderr}".rstrip())
    nac = Nac(folder)
    settings: dict[str, str | list[str]] = {"server.listen": ["127.0.0.1:0"], "log.level": "warning"}
    coa_port = _free_port(SWITCH) if reporting else None
    if reporting:
        settings["posture.listen"] = ["127.0.0.1:0"]
        (nac.policy / "swarm.policy").write_text(POSTURES)
    nac.config.write_text(render_default(settings))
    secret = folder / "swarm.secret"
    secret.touch(mode=0o600)
    secret.write_text(secrets.token_urlsafe(24))
    limits = ["--rate", str(max(_LEAST_RATE, round(2 * rate))), "--burst", str(BURST)]
    limits += ["--coa-port", str(coa_port)] if coa_port else []
    nac("client", "add", "swarm", SOURCES, "--secret-file", str(secret), *limits)
    certificates = folder / "certificates"
    if reporting:
        _laptops(nac, reporting, certificates)
    else:
        for number, kind in enumerate(KINDS):
            _laptop(nac, number, kind, certificates)
    segments = {segment.name.text: segment.vlan for segment in load(nac.policy).policy.segments}
    log = folder / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [PROGRAM, "-c", nac.config, "serve"], stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
    try:
        status = until(nac.status, "nac serve answers", alive=[process], log=log)
        yield Site(
            pid=process.pid,
            address=status["addresses"][0],
            accounting=status["accounting_addresses"][0],
            posture=f"https://{status['posture']['addresses'][0]}" if reporting else None,
            coa_port=coa_port,
            secret=secret,
            certificates=certificates,
            root=folder / "pki/root.pem",
            vlans={kind.segment: str(segments[kind.segment]) for kind in KINDS},
        )
    finally:
        _stop(process)


def _laptop(nac: Nac, number: int, kind: Kind, out: Path) -> None:
    """Somebody with a managed laptop and a certificate, whose file sorts by `number`."""
    owner, name = _person(nac, number, kind), f"{number:02}-laptop"
    nac("device", "add", name, "--kind", "laptop", "--owner", owner, "--managed")
    nac("device", "posture", name, kind.posture, "--for", "24h")
    nac("pki", "issue", "--user", owner, "--device", name, "--out", str(out))


def _laptops(nac: Nac, count: int, out: Path) -> None:
    """So many laptops, which belong to one person of each kind in turn."""
    owners = [_person(nac, number, kind) for number, kind in enumerate(REPORTING_KINDS)]
    database = Database.open(f"sqlite:///{nac.folder}/state/nac.db")
    try:
        laptops.record(database, owners, count)
    finally:
        database.close()
    laptops.issue(Authority.open(nac.folder / "pki"), owners, count, out)


def _person(nac: Nac, number: int, kind: Kind) -> str:
    name = f"user-{number}@corp.example"
    nac("user", "add", name, "--group", kind.group)
    return name


def _free_port(address: str) -> int:
    """A UDP port that nobody has there now."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.bind((address, 0))
        return int(line.getsockname()[1])


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
