"""The processes that run, from /proc."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from nac.agent.root import Root, UnreadableError

LONGEST_COMMAND: Final = 4096
"""Octets of a command line that are looked at: the program and its options stand first."""

NAMING: Final = 3
"""Words of a command line that may name the program: an interpreter, its option, the script."""


@dataclass(frozen=True)
class Process:
    """One process. `comm` is the kernel's name for it, at most 15 characters (proc(5))."""

    pid: int
    comm: str
    arguments: tuple[str, ...]

    @property
    def names(self) -> frozenset[str]:
        """What it may be called: the kernel's name, and the programs its command line begins with."""
        words = (word.rpartition("/")[2] for word in self.arguments[:NAMING])
        return frozenset({self.comm, *words} - {""})


def pids(root: Root) -> Iterator[int]:
    """Every process that can be seen."""
    return (int(name) for name in root.names("/proc") if name.isascii() and name.isdigit())


def comm(root: Root, pid: int) -> str:
    """The kernel's name for a process. Raises `MissingError` when it has ended."""
    return root.text(f"/proc/{pid}/comm", 64).rstrip("\n")


def read_processes(root: Root) -> tuple[Process, ...]:
    """All processes; one that ends meanwhile is left out. Raises `UnreadableError` without /proc."""
    return tuple(process for pid in pids(root) if (process := read_process(root, pid)) is not None)


def read_process(root: Root, pid: int) -> Process | None:
    """One process, None when it has ended."""
    try:
        words = root.text(f"/proc/{pid}/cmdline", LONGEST_COMMAND).rstrip("\0").split("\0")
        return Process(pid, comm(root, pid), tuple(words))
    except UnreadableError:
        return None
