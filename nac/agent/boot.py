"""Which device this is, and since when it has been running."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

from nac.agent.checks.kernel import running_kernel
from nac.agent.checks.os_release import OsRelease, read_os_release
from nac.agent.root import Root, UnreadableError
from nac.errors import StorageError

RANDOM_UEID: Final = b"\x01"
"""A UEID of type RAND (RFC 9711 section 4.2.1.1)."""

_PURPOSE: Final = b"nac-agent ueid\0"


@dataclass(frozen=True)
class Boot:
    """`ueid`: 17 octets that name the device without giving its machine-id away (machine-id(5) asks for that)."""

    boot_id: str
    uptime_s: int
    ueid: bytes
    os: OsRelease
    kernel: str


def read_boot(root: Root) -> Boot:
    """Raises `StorageError` when the device cannot be told apart from others."""
    try:
        machine_id = root.text("/etc/machine-id", 64).strip()
        return Boot(
            boot_id=root.text("/proc/sys/kernel/random/boot_id", 64).strip(),
            uptime_s=int(float(root.text("/proc/uptime", 64).split()[0])),
            ueid=RANDOM_UEID + hashlib.sha256(_PURPOSE + machine_id.encode()).digest()[:16],
            os=read_os_release(root),
            kernel=running_kernel(root),
        )
    except UnreadableError as error:
        raise StorageError(str(error), fix="the agent needs /proc, /etc/machine-id and /etc/os-release") from None
