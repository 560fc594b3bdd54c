"""Which operating system this is (os-release(5)), and until when its makers mend it without a contract.

The dates are those that the makers publish: the end of Debian's long-term support, of Ubuntu's standard support, of
Fedora's and Alpine's releases, of maintenance of RHEL and what is built from it.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from datetime import date
from typing import Final

from nac.agent.root import MissingError, Root

SUPPORT_ENDS: Final = {
    "debian 11": date(2026, 8, 31),
    "debian 12": date(2028, 6, 30),
    "debian 13": date(2030, 6, 30),
    "ubuntu 20.04": date(2025, 5, 31),
    "ubuntu 22.04": date(2027, 4, 30),
    "ubuntu 24.04": date(2029, 4, 30),
    "ubuntu 25.04": date(2026, 1, 15),
    "ubuntu 25.10": date(2026, 7, 31),
    "ubuntu 26.04": date(2031, 4, 30),
    "fedora 41": date(2025, 12, 15),
    "fedora 42": date(2026, 5, 13),
    "fedora 43": date(2026, 12, 2),
    "rhel 7": date(2024, 6, 30),
    "rhel 8": date(2029, 5, 31),
    "rhel 9": date(2032, 5, 31),
    "rhel 10": date(2035, 5, 31),
}
REBUILDS: Final = frozenset({"rocky", "almalinux", "centos", "ol"})
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
        return SUPPORT_ENDS.get(f"{known} {version}")


def read_os_release(root: Root) -> OsRelease:
    """What /etc/os-release says. Raises `UnreadableError`."""
    try:
        text = root.text("/etc/os-release", 16384)
    except MissingError:
        text = root.text("/usr/lib/os-release", 16384)
    fields = dict(word.split("=", 1) for word in shlex.split(text, comments=True) if "=" in word)
    return OsRelease(fields.get("ID", ""), fields.get("VERSION_ID", ""))
