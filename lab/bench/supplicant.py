"""Calls `nac-supplicant` and reads its JSON."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lab.bench.running_server import RunningServer

Json = dict[str, Any]

LOAD_TIMEOUT_S = 300.0


class SupplicantError(Exception):
    """`nac-supplicant` itself failed; the text is what it said."""


@dataclass(frozen=True)
class Supplicant:
    """The release binary at `binary`."""

    binary: Path

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
        return [str(self.binary), "load", *towards, *self._device(server), *arguments]

    def load(self, server: RunningServer, arguments: list[str]) -> Json:
        """Runs a load to its end and returns its report."""
        return self._finish(self.load_command(server, arguments))

    def _run(self, arguments: list[str]) -> Json:
        return self._finish([str(self.binary), *arguments])

    def _finish(self, command: list[str]) -> Json:
        done = subprocess.run(command, capture_output=True, text=True, timeout=LOAD_TIMEOUT_S, check=False)
        if done.returncode != 0:
            raise SupplicantError(done.stderr.strip())
        report: Json = json.loads(done.stdout)
        return report

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
        return [*files, "--identity", "laptop.bench.example"]
