"""A server for a swarm: the policy of the AI estate, a laptop for each kind of person, and switches that it knows."""

from __future__ import annotations

import secrets
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from click.testing import CliRunner

from lab.campus.error import LabError
from lab.campus.nac_home import PROGRAM, SERVER_NAME, Nac, until
from nac.cli import cli
from nac.config import render_default
from nac.policy.load import load

SOURCES: Final = "127.9.0.0/28"
"""Where the switches are; they take turns on its addresses."""

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


@dataclass(frozen=True)
class Site:
    """A running server. `vlans`: VLAN of each segment in `KINDS`."""

    pid: int
    address: str
    accounting: str
    secret: Path
    certificates: Path
    root: Path
    vlans: dict[str, str]


@contextmanager
def serving(folder: Path, rate: float) -> Iterator[Site]:
    """A server in `folder`, which must be empty or missing, for a swarm of `rate` arrivals a second.

    Raises `LabError`.
    """
    done = CliRunner().invoke(cli, ["init", str(folder), "--example", "ai-estate", "--server-name", SERVER_NAME])
    if done.exit_code:
        raise LabError(f"nac init: {done.output}{done.stderr}".rstrip())
    nac = Nac(folder)
    nac.config.write_text(render_default({"server.listen": ["127.0.0.1:0"], "log.level": "warning"}))
    secret = folder / "swarm.secret"
    secret.touch(mode=0o600)
    secret.write_text(secrets.token_urlsafe(24))
    limits = ["--rate", str(max(_LEAST_RATE, round(2 * rate))), "--burst", str(BURST)]
    nac("client", "add", "swarm", SOURCES, "--secret-file", str(secret), *limits)
    certificates = folder / "certificates"
    roots = [_laptop(nac, number, kind, certificates) for number, kind in enumerate(KINDS)]
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
            secret=secret,
            certificates=certificates,
            root=roots[0],
            vlans={kind.segment: str(segments[kind.segment]) for kind in KINDS},
        )
    finally:
        _stop(process)


def _laptop(nac: Nac, number: int, kind: Kind, out: Path) -> Path:
    """Somebody with a managed laptop and a certificate, whose file sorts by `number`; the root above it."""
    owner, name = f"user-{number}@corp.example", f"{number:02}-laptop"
    nac("user", "add", owner, "--group", kind.group)
    nac("device", "add", name, "--kind", "laptop", "--owner", owner, "--managed")
    nac("device", "posture", name, kind.posture, "--for", "24h")
    return Path(nac.json("pki", "issue", "--user", owner, "--device", name, "--out", str(out))["ca"])


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
