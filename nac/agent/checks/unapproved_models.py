"""unapproved_models: model weights and datasets lie in the approved folders only.

Names and sizes are looked at, never contents.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Final

from nac.agent.finding import Finding, failed, passed, unknown
from nac.agent.machine import Machine
from nac.agent.root import MissingError, Root

SUFFIXES: Final = (".safetensors", ".gguf", ".ggml", ".pt", ".pth", ".ckpt", ".onnx", ".h5", ".keras", ".engine")
DATASETS: Final = (".parquet", ".arrow", ".tfrecord")
OLLAMA: Final = ".ollama/models/blobs"
"""Where Ollama keeps weights under names without a suffix."""

PLACES: Final = ("/srv", "/data", "/opt", "/var/lib", "/usr/share/ollama")
"""Folders that are searched beside the homes."""

REMOTE: Final = frozenset({"nfs", "nfs4", "cifs", "smb3", "9p", "ceph", "lustre", "gpfs", "beegfs", "autofs"})
"""File systems of other machines, which are theirs to search; with every kind of FUSE."""

MOST_ENTRIES: Final = 1_000_000
"""Entries that one search looks at, some seconds of work an hour."""

PASSED_OVER: Final = frozenset({".git", "node_modules", "__pycache__"})
"""Folders of many small files that programs make."""

DEEPEST: Final = 12
MOST_FOUND: Final = 256


def run(machine: Machine) -> Finding:
    approved = tuple(folder.rstrip("/") for folder in machine.settings.approved_folders)
    walk = _Walk(machine.root, (*approved, *_remote(machine.root)), machine.settings.model_size_mib * 1024 * 1024)
    for place in (*machine.homes, *PLACES):
        walk.search(place)
    if walk.found:
        return failed(tuple(walk.found), "move it to an approved folder or delete it")
    if walk.left <= 0:
        return unknown(f"more than {MOST_ENTRIES} files: what lies behind them was not looked at")
    return passed((), f"{MOST_ENTRIES - walk.left} files looked at")


class _Walk:
    def __init__(self, root: Root, passed_over: tuple[str, ...], least: int) -> None:
        self._root = root
        self._passed_over = frozenset(passed_over)
        self._least = least
        self.left = MOST_ENTRIES
        self.found: list[str] = []

    def search(self, folder: str, depth: int = 0) -> None:
        """Look through a folder and what is below it, following no link to another folder."""
        if folder in self._passed_over or depth > DEEPEST:
            return
        for name, entry in self._entries(folder):
            self.left -= 1
            if self.left <= 0 or len(self.found) >= MOST_FOUND:
                return
            path = f"{folder}/{name}"
            if entry.is_dir(follow_symlinks=False):
                if name not in PASSED_OVER:
                    self.search(path, depth + 1)
            elif (name.lower().endswith((*SUFFIXES, *DATASETS)) or folder.endswith(OLLAMA)) and self._large(entry):
                self.found.append(path)

    def _entries(self, folder: str) -> Iterator[tuple[str, os.DirEntry[str]]]:
        try:
            with os.scandir(self._root.at(folder)) as entries:
                yield from ((entry.name, entry) for entry in entries)
        except (FileNotFoundError, NotADirectoryError, PermissionError):
            return

    def _large(self, entry: os.DirEntry[str]) -> bool:
        """A link counts as the file that it names: so a hub's cache shows its weights under their names."""
        try:
            return entry.stat().st_size >= self._least
        except OSError:
            return False


def _remote(root: Root) -> Iterator[str]:
    """Mount points of file systems that are not this device's."""
    try:
        lines = root.text("/proc/self/mountinfo").splitlines()
    except MissingError:
        return
    for line in lines:
        before, _, after = line.partition(" - ")
        kind = after.partition(" ")[0]
        if len(before.split()) > 4 and (kind in REMOTE or kind.startswith("fuse")):
            yield before.split()[4]
