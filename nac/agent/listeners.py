"""The sockets on which this device can be reached, from /proc/net, and the processes that hold them."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from nac.agent.processes import Process
from nac.agent.root import MissingError, Root, UnreadableError

LISTENING: Final = "0A"
"""TCP_LISTEN of the kernel. The kernel writes these sockets before all others, so reading ends at the first other."""

UNCONNECTED: Final = "07"
"""What a UDP socket that anyone may send to shows as its state."""

FIRST_EPHEMERAL: Final = 32768
"""The kernel's default for the ports that it hands out by itself: a UDP socket there is a client's."""

TABLES: Final = (
    ("tcp", "/proc/net/tcp"),
    ("tcp", "/proc/net/tcp6"),
    ("udp", "/proc/net/udp"),
    ("udp", "/proc/net/udp6"),
)


@dataclass(frozen=True, order=True)
class Listener:
    """`inode` names the socket; `process` holds it, None when that cannot be seen."""

    protocol: str
    address: str
    port: int
    inode: int
    process: Process | None = None

    @property
    def beyond_loopback(self) -> bool:
        """Whether another device may reach it."""
        address = ipaddress.ip_address(self.address)
        mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
        return not (mapped or address).is_loopback

    def __str__(self) -> str:
        host = f"[{self.address}]" if ":" in self.address else self.address
        return f"{self.protocol}/{host}:{self.port}"


def read_listeners(root: Root) -> tuple[Listener, ...]:
    """Every listening socket of the agent's network namespace, without processes. Raises `UnreadableError`."""
    ephemeral = _first_ephemeral(root)
    found: list[Listener] = []
    for protocol, table in TABLES:
        try:
            found += _table(root, protocol, table, ephemeral)
        except MissingError:
            if not table.endswith("6"):
                raise
    return tuple(sorted(found, key=lambda one: (one.protocol, one.address, one.port, one.inode)))


def with_processes(root: Root, listeners: Sequence[Listener], processes: Sequence[Process]) -> tuple[Listener, ...]:
    """The same listeners, each with the process that holds it as far as that can be seen."""
    owners = _owners(root, {listener.inode for listener in listeners}, processes)
    return tuple(Listener(one.protocol, one.address, one.port, one.inode, owners.get(one.inode)) for one in listeners)


def _table(root: Root, protocol: str, table: str, ephemeral: int) -> Iterator[Listener]:
    for line in root.lines(table):
        words = line.split()
        if len(words) < 10 or words[0] == "sl":
            continue
        host, _, port = words[1].partition(":")
        if protocol == "tcp" and words[3] != LISTENING:
            return
        if protocol == "udp" and (words[3] != UNCONNECTED or int(port, 16) >= ephemeral):
            continue
        yield Listener(protocol, _address(host), int(port, 16), int(words[9]))


def _address(text: str) -> str:
    """The kernel writes an address as words of 32 bits in the order of the processor, little-endian on x86 and ARM."""
    raw = bytes.fromhex(text)
    words = (raw[at : at + 4][::-1] for at in range(0, len(raw), 4))
    return str(ipaddress.ip_address(b"".join(words)))


def _first_ephemeral(root: Root) -> int:
    try:
        return int(root.text("/proc/sys/net/ipv4/ip_local_port_range", 64).split()[0])
    except MissingError:
        return FIRST_EPHEMERAL


def _owners(root: Root, sought: set[int], processes: Sequence[Process]) -> Mapping[int, Process]:
    owners: dict[int, Process] = {}
    for process in processes:
        if len(owners) == len(sought):
            break
        for inode in _sockets(root, process.pid):
            if inode in sought:
                owners.setdefault(inode, process)
    return owners


def _sockets(root: Root, pid: int) -> Iterator[int]:
    folder = f"/proc/{pid}/fd"
    try:
        names = root.names(folder)
    except UnreadableError:
        return
    for name in names:
        target = root.link(f"{folder}/{name}") or ""
        if target.startswith("socket:[") and target[8:-1].isdigit():
            yield int(target[8:-1])
