"""The server of the lab: a folder as `nac init` leaves it, `nac serve` in a namespace of its own, and its commands."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from click.testing import CliRunner

from lab.campus import namespace
from lab.campus.error import LabError
from lab.campus.plan import NAC, POSTURE_PORT, SECRET_FILE, SWITCHES
from lab.campus.state import Lab
from nac.cli import cli
from nac.config import render_default
from nac.control.ask import ask
from nac.errors import ControlError

SERVER_NAME: Final = "radius.corp.example"
PROGRAM: Final = Path(sys.executable).with_name("nac")
POLICIES: Final = tuple(Path(__file__).with_name(name) for name in ("agent.policy", "campus.policy"))
PATIENCE_S: Final = 30.0
_PAUSE_S: Final = 0.02

T = TypeVar("T")


@dataclass(frozen=True)
class Nac:
    """`nac` with the lab's configuration; each call is the command line itself, in this process."""

    folder: Path

    def __call__(self, *arguments: str) -> str:
        """Run one command; what it printed. Raises `LabError` when it fails."""
        done = CliRunner().invoke(cli, ["-c", str(self.config), *arguments], prog_name="nac", env={"COLUMNS": "200"})
        if done.exit_code:
            raise LabError(
                f"nac {' '.join(arguments)} ended with {done.exit_code}: {done.output}{done.stderr}".rstrip()
            )
        return done.stdout

    def json(self, *arguments: str) -> Any:
        """The same with `-o json`, parsed."""
        return json.loads(self(*arguments, "-o", "json"))

    @property
    def config(self) -> Path:
        return self.folder / "nac.toml"

    @property
    def policy(self) -> Path:
        """Folder of the policy's files."""
        return self.folder / "policy"

    def status(self) -> dict[str, Any] | None:
        """As `nac status -o json` has it; None while the server is not there."""
        try:
            return ask(self.folder / "state/control.sock", "status").status
        except ControlError:
            return None

    def reload(self) -> None:
        """Make the server take over what was changed, and wait until it has. Raises `LabError` when it refuses."""
        answer = ask(self.folder / "state/control.sock", "reload")
        if not answer.ok:
            raise LabError(f"nac reload: {answer.message}")


def prepare(lab: Lab) -> Nac:
    """Make the server's folder: authority, policy, one RADIUS client for each switch with a secret of its own."""
    nac = Nac(lab.nac)
    done = CliRunner().invoke(cli, ["init", str(lab.nac), "--example", "ai-estate", "--server-name", SERVER_NAME])
    if done.exit_code:
        raise LabError(f"nac init: {done.output}{done.stderr}")
    settings = {"server.listen": [f"{NAC}:1812"], "server.shards": 2, "posture.listen": [f"{NAC}:{POSTURE_PORT}"]}
    nac.config.write_text(render_default(settings))
    for policy in POLICIES:
        (nac.policy / policy.name).write_text(policy.read_text())
    for switch in SWITCHES:
        folder = lab.switch(switch.name)
        folder.mkdir(parents=True)
        secret = folder / SECRET_FILE
        secret.touch(mode=0o600)
        secret.write_text(secrets.token_urlsafe(24))
        kind = ["--site", switch.site, "--dialect", switch.dialect, "--fragment-size", str(switch.fragment)]
        nac("client", "add", switch.name, switch.address, "--secret-file", str(secret), *kind)
    return nac


def serve(lab: Lab, nac: Nac) -> None:
    """Start the server and wait until it answers. Raises `LabError` with its log when it does not."""
    log = lab.nac / "server.log"
    process = namespace.start(lab.namespace("nac"), str(PROGRAM), "-c", str(nac.config), "serve", log=log)
    until(nac.status, "nac serve answers", alive=[process], log=log)


def until(
    look: Callable[[], T | None],
    what: str,
    *,
    alive: Sequence[subprocess.Popen[bytes]] = (),
    log: Path | None = None,
) -> T:
    """Look again and again until something is there. Raises `LabError` when it takes too long or a process ended."""
    deadline = time.monotonic() + PATIENCE_S
    while (found := look()) is None:
        ended = [process for process in alive if process.poll() is not None]
        if ended or time.monotonic() > deadline:
            said = f":\n{log.read_text().strip()}" if log is not None and log.exists() else ""
            raise LabError(f"waited in vain until {what}{said}")
        time.sleep(_PAUSE_S)
    return found
