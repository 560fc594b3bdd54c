"""kernel: the newest kernel that is installed is the one that runs."""

from __future__ import annotations

import re
from typing import Final

from nac.agent.finding import Finding, failed, passed
from nac.agent.machine import Machine
from nac.agent.root import Root

_NUMBER: Final = re.compile(r"\d+")


def run(machine: Machine) -> Finding:
    release = running_kernel(machine.root)
    installed = [
        name for name in machine.root.names_if_any("/lib/modules") if machine.root.exists(f"/lib/modules/{name}/kernel")
    ]
    if release not in installed:
        return Finding("unknown", release, f"{release} runs, which kernels are installed cannot be seen")
    newer = [name for name in installed if _flavour(name) == _flavour(release) and _order(name) > _order(release)]
    if newer:
        return failed(release, f"{max(newer, key=_order)} is installed: restart the device")
    return passed(release)


def running_kernel(root: Root) -> str:
    """`uname -r`. Raises `UnreadableError`."""
    return root.text("/proc/sys/kernel/osrelease", 256).strip()


def _order(release: str) -> list[int]:
    return [int(number) for number in _NUMBER.findall(release)]


def _flavour(release: str) -> str:
    """`amd64` of `6.1.0-28-amd64`: kernels of different flavours do not replace each other."""
    return re.sub(r"[\d.]+", "", release)
