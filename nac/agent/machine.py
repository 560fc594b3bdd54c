"""What a check is given: the device as seen at one moment, each thing read at most once."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

import nac
from nac.agent.commands import Commands, SystemCommands
from nac.agent.config import CheckSettings
from nac.agent.listeners import Listener, read_listeners, with_processes
from nac.agent.processes import Process, read_processes
from nac.agent.root import Root, UnreadableError

FIRST_PERSON: Final = 1000
"""User numbers from here on are people's (login.defs(5)); below are services."""

NOBODY: Final = 65534
MOST_HOMES: Final = 512


@dataclass(frozen=True)
class Machine:
    """`now` is in Unix seconds; `package` is the folder of the agent's own files, as written on the device."""

    root: Root
    commands: Commands
    settings: CheckSettings
    now: float
    package: str

    @cached_property
    def processes(self) -> tuple[Process, ...]:
        """All processes. Raises `UnreadableError`."""
        return read_processes(self.root)

    @cached_property
    def listeners(self) -> tuple[Listener, ...]:
        """All listening sockets with their processes. Raises `UnreadableError`."""
        return with_processes(self.root, read_listeners(self.root), self.processes)

    @cached_property
    def homes(self) -> tuple[str, ...]:
        """Home folders of root and of people, those that exist. Raises `UnreadableError`, also for too many."""
        homes = {user.home for user in self.users if user.uid == 0 or FIRST_PERSON <= user.uid < NOBODY}
        found = tuple(home for home in sorted(homes) if home != "/" and self.root.exists(home))
        if len(found) > MOST_HOMES:
            raise UnreadableError(f"more than {MOST_HOMES} home folders")
        return found

    @cached_property
    def users(self) -> tuple[User, ...]:
        """The accounts of /etc/passwd (passwd(5)). Raises `UnreadableError`."""
        lines = (line.split(":") for line in self.root.text("/etc/passwd").splitlines())
        return tuple(
            User(fields[0], int(fields[2]), int(fields[3]), fields[5])
            for fields in lines
            if len(fields) == 7 and fields[2].isdigit() and fields[3].isdigit()
        )


def this_machine(settings: CheckSettings) -> Machine:
    """The device that this runs on, now."""
    return Machine(Root(), SystemCommands(), settings, time.time(), str(Path(nac.__file__).parent))


@dataclass(frozen=True)
class User:
    """One account: its name, number, the number of its first group, its home folder."""

    name: str
    uid: int
    gid: int
    home: str
