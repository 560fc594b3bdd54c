"""disk_encryption: what is written to disk - the system, homes, swap - lies on dm-crypt."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from nac.agent.finding import Finding, failed, passed, unknown
from nac.agent.machine import Machine
from nac.agent.root import Root

PLACES: Final = ("/", "/home", "/var", "/root", "/srv")
"""Mount points that hold what people and services write."""

DEEPEST: Final = 8
"""Layers of block devices, as in a volume of LVM on RAID on LUKS on a partition."""

CRYPT: Final = "CRYPT-"
"""How the device mapper's UUID of dm-crypt begins (cryptsetup)."""


def run(machine: Machine) -> Finding:
    root = machine.root
    places = dict(_mounted(root))
    if "/" not in places:
        return unknown("/proc/self/mountinfo does not name the root file system")
    unseen = sorted(place for place, device in places.items() if device is None)
    if unseen:
        return unknown(f"{', '.join(unseen)} is on no block device of which encryption is known")
    devices = {**places, **{f"swap {device}": device for device in _swaps(root)}}
    open_places = tuple(place for place, device in devices.items() if device and not _encrypted(root, device, DEEPEST))
    if open_places:
        return failed(open_places, "not on LUKS: encrypt it, best at installation")
    return passed("luks", f"{', '.join(devices)}")


def _mounted(root: Root) -> Iterator[tuple[str, str | None]]:
    """(mount point, kernel's name of its block device), None where there is no block device (proc_pid_mountinfo(5))."""
    for line in root.lines("/proc/self/mountinfo"):
        before, _, after = line.partition(" - ")
        words, source = before.split(), after.split()
        if len(words) > 4 and len(source) > 1 and words[4] in PLACES:
            yield words[4], _device(root, source[1]) or _device_of_number(root, words[2])


def _device(root: Root, source: str) -> str | None:
    name = source.rpartition("/")[2]
    if source.startswith("/dev/mapper/"):
        for device in root.names_if_any("/sys/class/block"):
            if device.startswith("dm-") and root.text(f"/sys/class/block/{device}/dm/name").strip() == name:
                return device
        return None
    return name if source.startswith("/dev/") and root.exists(f"/sys/class/block/{name}") else None


def _device_of_number(root: Root, number: str) -> str | None:
    for device in root.names_if_any("/sys/class/block"):
        if root.text(f"/sys/class/block/{device}/dev").strip() == number:
            return device
    return None


def _swaps(root: Root) -> Iterator[str]:
    """Swap on a device of its own; a file lies on a file system, zram in memory."""
    for line in list(root.lines("/proc/swaps"))[1:]:
        device = _device(root, line.split()[0])
        if device is not None and not device.startswith("zram"):
            yield device


def _encrypted(root: Root, device: str, layers: int) -> bool:
    """True when the device, or everything that it is made of, is dm-crypt."""
    folder = f"/sys/class/block/{device}"
    if root.exists(f"{folder}/dm/uuid") and root.text(f"{folder}/dm/uuid").startswith(CRYPT):
        return True
    below = root.names_if_any(f"{folder}/slaves")
    return layers > 0 and bool(below) and all(_encrypted(root, one, layers - 1) for one in below)
