"""The programs that checks may ask, where no file tells the same."""

from __future__ import annotations

import sys
from typing import Final, Protocol

from nac.agent.program import SEARCHED, find_program, run_program

ENVIRONMENT: Final = {
    "PATH": SEARCHED,
    "LC_ALL": "C",
    **({"SystemRoot": r"C:\Windows"} if sys.platform == "win32" else {}),
}
PATIENCE_S: Final = 10.0
LONGEST_ANSWER: Final = 4 * 1024 * 1024


class CommandError(Exception):
    """A program is missing, failed, or said too much; the text becomes the detail of an unknown finding."""


class Commands(Protocol):
    """Runs a program and returns what it prints. Raises `CommandError`."""

    def run(self, program: str, *arguments: str) -> str: ...


class SystemCommands:
    """The programs of this device, in the language that captured outputs are in, with no input."""

    def run(self, program: str, *arguments: str) -> str:
        """Standard output as text, at most 4 MiB and after at most 10 s. Raises `CommandError`."""
        path = find_program(program)
        if path is None:
            raise CommandError(f"{program} is not installed")
        try:
            answer = run_program([path, *arguments], ENVIRONMENT, patience_s=PATIENCE_S, longest=LONGEST_ANSWER)
        except OSError as error:
            raise CommandError(f"{program} cannot be started: {error.strerror}") from None
        if len(answer.said) > LONGEST_ANSWER:
            raise CommandError(f"{program} said more than {LONGEST_ANSWER} octets")
        if answer.code != 0:
            raise CommandError(f"{program} ended with {answer.code}, or was ended after {PATIENCE_S:.0f} s")
        return answer.said.decode("utf-8", "replace")
