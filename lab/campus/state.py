"""The lab's folder: which lab it is, and where its files are."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lab.campus import namespace
from lab.campus.error import LabError

STATE: Final = "lab.json"


@dataclass(frozen=True)
class Lab:
    """`id` names everything that this lab makes outside of `folder`."""

    id: str
    folder: Path

    @classmethod
    def new(cls, folder: Path) -> Lab:
        """Name a new lab, and write that down before anything of it exists. The folder must not hold another."""
        folder.mkdir(parents=True, exist_ok=True)
        lab = cls(secrets.token_hex(3), folder.absolute())
        (folder / STATE).write_text(json.dumps({"id": lab.id}) + "\n")
        return lab

    @classmethod
    def opened(cls, folder: Path) -> Lab:
        """The running lab of a folder. Raises `LabError` when there is none."""
        lab = cls.running(folder)
        if lab is None:
            raise LabError(f"no lab runs in {folder}", fix="nac lab up")
        return lab

    @classmethod
    def running(cls, folder: Path) -> Lab | None:
        """The lab of a folder if something of it is there; None otherwise."""
        lab = cls.found(folder)
        return lab if lab is not None and namespace.of(lab.id) else None

    @classmethod
    def found(cls, folder: Path) -> Lab | None:
        """The lab of a folder, whatever became of it; None when there was none."""
        try:
            return cls(json.loads((folder / STATE).read_text())["id"], folder.absolute())
        except FileNotFoundError:
            return None

    def namespace(self, part: str) -> str:
        """The namespace of one part."""
        return namespace.name(self.id, part)

    @property
    def core(self) -> str:
        """The router's namespace."""
        return self.namespace("core")

    @property
    def nac(self) -> Path:
        """The folder that `nac init` made."""
        return self.folder / "nac"

    @property
    def captures(self) -> Path:
        """One capture for each switch."""
        return self.folder / "captures"

    def switch(self, name: str) -> Path:
        """A switch's files."""
        return self.folder / "switches" / name

    def host(self, name: str) -> Path:
        """A host's files."""
        return self.folder / "hosts" / name

    def agent(self, device: str) -> Path:
        """The files of a device's posture agent, whichever port it is at."""
        return self.folder / "agents" / device
