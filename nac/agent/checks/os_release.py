"""Which operating system this is (os-release(5)), and until when its makers mend it without a contract."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from datetime import date
from typing import Final

from nac.agent.checks.lifetimes import dates
from nac.agent.root import MissingError, Root

REBUILDS: Final = frozenset({"rocky", "almalinux", "ol"})
"""Built from RHEL, and supported as long as the version of the same number."""

ROLLING: Final = frozenset({"arch", "opensuse-tumbleweed", "gentoo"})
"""Without versions: what is installed today is supported today."""


@dataclass(frozen=True)
class OsRelease:
    """`identifier` and `version` as in os-release: `debian`, `12`."""

    identifier: str
    version: str

    def __str__(self) -> str:
        return f"{self.identifier} {self.version}".strip()

    @property
    def support_ends(self) -> date | None:
        """The last day of support, None when it is not known here."""
        known = "rhel" if self.identifier in REBUILDS else self.identifier
        version = self.version.partition(".")[0] if known == "rhel" else self.version
        return dates("os_support_ends").get(f"{known} {version}")


def read_os_release(root: Root) -> OsRelease:
    """What /etc/os-release says. Raises `UnreadableError`."""
    try:
        text = root.text("/etc/os-release", 16384)
    except MissingError:
        text = root.text("/usr/lib/os-release", 16384)
    fields = dict(word.split("=", 1) for word in shlex.split(text, comments=True) if "=" in word)
    return OsRelease(fields.get("ID", ""), fields.get("VERSION_ID", ""))
