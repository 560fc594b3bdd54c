"""Calls `nac-supplicant` and reads its JSON."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lab.bench.cores import pinned

if TYPE_CHECKING:
    from lab.bench.running_server import RunningServer

Json = dict[str, Any]

LOAD_TIMEOUT_S = 300.0


class SupplicantError(Exception):
    """`nac-supplicant` itself failed; the text is what it said."""


@dataclass(frozen=True)
class RunningLoad:
    """A load that runs beside others."""

    process: subprocess.Popen[str]

    def report(self) -> Json:
        """Waits for its end. Raises `SupplicantError`."""
        output, errors = self.process.communicate(timeout=LOAD_TIMEOUT_S)
        return _parsed(self.process.returncode, output, errors)


@dataclass(frozen=True)
class Supplicant:
    """The release binary at `binary`; `cores`: the only ones that loads may use, and for them alone, None for all."""

    binary: Path
    cores: frozenset[int] | None = None

    def floor(self) -> dict[str, Json]:
        """Microseconds of the bare cryptography, by name of the set."""
        measured = self._run(["floor"])
        return {entry["name"]: entry for entry in measured["floor"]}

    def answers(self, server: RunningServer) -> bool:
        """True when a full EAP-TLS authentication is accepted with the right keys."""
        arguments = ["auth", "--json", "--timeout-ms", "300", "--transmissions", "1", *self._towards(server)]
        done = subprocess.run(
            [self.binary, *arguments, *self._device(server)], capture_output=True, timeout=30, check=False
        )
        return done.returncode == 0

    def load_command(self, server: RunningServer, arguments: list[str]) -> list[str]:
        """The command of a load against `server`, its process measured."""
        towards = [*self._towards(server), "--server-pid", str(server.pid)]
        # Who has cores to himself stays awake on them: the server is not charged for waking its clients.
        awake = ["--awake"] if self.cores else []
        return [*pinned(self.cores), str(self.binary), "load", *towards, *self._device(server), *awake, *arguments]

    def load(self, server: RunningServer, arguments: list[str]) -> Json:
        """Runs a load to its end and returns its report. Raises `SupplicantError`."""
        with self.loading(server, arguments) as load:
            return load.report()

    def swarm(self, server: RunningServer, arguments: list[str]) -> Json:
        """Runs a swarm to its end; its report says whether all was right. Raises `SupplicantError`."""
        who = [*self._towards(server), "--server-pid", str(server.pid), *self._device(server)]
        done = subprocess.run(
            [*pinned(self.cores), self.binary, "swarm", *who, *arguments],
            capture_output=True,
            text=True,
            timeout=LOAD_TIMEOUT_S,
            check=False,
        )
        return _parsed(0 if done.stdout else done.returncode, done.stdout, done.stderr)

    @contextmanager
    def loading(self, server: RunningServer, arguments: list[str]) -> Iterator[RunningLoad]:
        """Starts a load and goes on; it is stopped at the end if it still runs."""
        process = subprocess.Popen(
            self.load_command(server, arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        try:
            yield RunningLoad(process)
        finally:
            process.kill()
            process.communicate()

    def _run(self, arguments: list[str]) -> Json:
        done = subprocess.run(
            [self.binary, *arguments], capture_output=True, text=True, timeout=LOAD_TIMEOUT_S, check=False
        )
        return _parsed(done.returncode, done.stdout, done.stderr)

    def _towards(self, server: RunningServer) -> list[str]:
        return [
            "--server",
            f"127.0.0.1:{server.port}",
            "--secret-file",
            str(server.secret_file),
            "--message-authenticator",
            server.protection,
        ]

    def _device(self, server: RunningServer) -> list[str]:
        pki = server.pki
        files = ["--cert", str(pki.client_cert), "--key", str(pki.client_key), "--ca", str(pki.ca)]
        older = [] if server.protection == "first" else ["--accept-without-commitment"]
        return [*files, *older, "--identity", "laptop.bench.example"]


def _parsed(exit_code: int, output: str, errors: str) -> Json:
    if exit_code != 0:
        raise SupplicantError(errors.strip())
    report: Json = json.loads(output)
    return report
