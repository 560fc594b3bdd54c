"""Notices within seconds that something may have changed, at the cost of a few system calls.

What is sampled: listening sockets, the number of the nftables ruleset, which required and forbidden programs run, and
the times of the files and folders that checks read. A difference means that checks are made again, no more.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import Final

from nac.agent.checks.notebook_tokens import RUNTIME
from nac.agent.checks.plaintext_tokens import KNOWN
from nac.agent.commands import SystemCommands
from nac.agent.config import CheckSettings
from nac.agent.listeners import read_listeners
from nac.agent.listening_sockets import listening_sockets
from nac.agent.machine import Machine
from nac.agent.nft_generation import nft_generation
from nac.agent.processes import pids, read_process
from nac.agent.root import Root, UnreadableError

WATCHED: Final = (
    "/etc/apt/apt.conf.d",
    "/etc/default/ufw",
    "/etc/dnf/automatic.conf",
    "/etc/group",
    "/etc/os-release",
    "/etc/passwd",
    "/etc/sudoers",
    "/etc/sudoers.d",
    "/etc/ufw/ufw.conf",
    "/etc/xdg/kscreenlockerrc",
    "/etc/dconf/db/local",
    "/etc/dconf/db/local.d",
    "/lib/modules",
    "/proc/driver/nvidia/version",
    "/usr/bin/unattended-upgrade",
    "/var/log/dnf.rpm.log",
    "/var/log/dpkg.log",
)
HOME: Final = (RUNTIME, *dict.fromkeys(name for _, name, _ in KNOWN))
"""Below each home folder."""


@dataclass(frozen=True)
class Sample:
    """Two samples are equal when nothing that is watched has changed between them."""

    listeners: frozenset[Hashable]
    ruleset: int | None
    running: frozenset[str]
    times: tuple[int, ...]


class Watch:
    """Samples one device. `sockets` lists the listening ones; what raises `OSError` is replaced by /proc/net."""

    def __init__(
        self,
        root: Root,
        settings: CheckSettings,
        sockets: Callable[[], frozenset[Hashable]] = listening_sockets,
    ) -> None:
        self._root = root
        self._sockets = sockets
        self._settings = settings
        self._wanted = frozenset((*settings.required_processes, *settings.forbidden_processes))
        self._processes: dict[int, frozenset[str]] = {}
        self._fresh: frozenset[int] = frozenset()
        self._paths: tuple[str, ...] = WATCHED
        self._passwd = -1

    def sample(self) -> Sample:
        """What is there now; what cannot be read counts as absent, and its checks say so."""
        return Sample(self._listeners(), nft_generation(), self._running(), self._times())

    def _listeners(self) -> frozenset[Hashable]:
        try:
            return self._sockets()
        except OSError:
            pass
        try:
            return frozenset((one.protocol, one.address, one.port, one.inode) for one in read_listeners(self._root))
        except (UnreadableError, ValueError):
            return frozenset()

    def _running(self) -> frozenset[str]:
        """Which of the wanted programs run. A new process is read twice: it may be about to become another program."""
        if not self._wanted:
            return frozenset()
        now = frozenset(_pids(self._root))
        new = now - self._processes.keys()
        for pid in new | (self._fresh & now):
            process = read_process(self._root, pid)
            self._processes[pid] = process.names & self._wanted if process else frozenset()
        for pid in self._processes.keys() - now:
            del self._processes[pid]
        self._fresh = new
        return frozenset().union(*self._processes.values())

    def _times(self) -> tuple[int, ...]:
        passwd = _changed_at(self._root, "/etc/passwd")
        if passwd != self._passwd:
            self._passwd = passwd
            self._paths = (*WATCHED, *self._in_homes())
        return tuple(_changed_at(self._root, path) for path in self._paths)

    def _in_homes(self) -> Iterable[str]:
        machine = Machine(self._root, SystemCommands(), self._settings, 0.0, "")
        try:
            return [f"{home}/{name}" for home in machine.homes for name in HOME]
        except UnreadableError:
            return []


def _pids(root: Root) -> Iterable[int]:
    try:
        return tuple(pids(root))
    except UnreadableError:
        return ()


def _changed_at(root: Root, path: str) -> int:
    """Nanoseconds of the last change, 0 for what is not there."""
    try:
        return root.status(path).st_mtime_ns
    except UnreadableError:
        return 0
