"""Calls `nac` as a person would, in the lab's folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROGRAM = Path(sys.executable).with_name("nac")

TIMEOUT_S = 60.0


class CommandError(Exception):
    """A command failed; the text is the command and what it said."""


@dataclass(frozen=True)
class Nac:
    """`nac` with the configuration in `folder`."""

    folder: Path

    def __call__(self, *arguments: str) -> str:
        """Run one command and return what it printed. Raises `CommandError`."""
        done = subprocess.run(
            [PROGRAM, *arguments],
            cwd=self.folder,
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
        if done.returncode != 0:
            raise CommandError(f"nac {' '.join(arguments)}: {done.stderr.strip() or done.stdout.strip()}")
        return done.stdout

    def json(self, *arguments: str) -> Any:
        """The same with `-o json`, parsed."""
        return json.loads(self(*arguments, "-o", "json"))

    @staticmethod
    def environment() -> dict[str, str]:
        """The caller's, without what would point nac elsewhere."""
        return {name: value for name, value in os.environ.items() if name != "NAC_CONFIG"}
