"""One run of a swarm, and whether everything was as it must be."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from lab.campus.error import LabError
from lab.swarm.site import KINDS, SOURCES, Site, serving

Profile = Literal["morning-rush", "power-cut", "roaming"]

BINARY: Final = Path(__file__).resolve().parents[2] / "target/release/nac-supplicant"
MOVES: Final = 3
"""Of each device that roams."""

_ATTEMPTS: Final = 20
_JUDGED: Final = (0, 1)
"""Exit codes with a report."""


@dataclass(frozen=True)
class Swarm:
    """`rate`: arrivals a second, which a power cut does not have. `stay`: seconds at a port. `lose_every`: one reply in
    that many is lost on its way, none for 0. `with_ticket`: share of the devices that can resume a TLS session."""

    supplicants: int
    rate: float
    profile: Profile
    stay: float
    lose_every: int = 0
    with_ticket: float = 0.0

    @property
    def granted(self) -> dict[str, int]:
        """How many Access-Accepts each segment must get."""
        devices = Counter(KINDS[number % len(KINDS)].segment for number in range(self.supplicants))
        logins = 1 + (MOVES if self.profile == "roaming" else 0)
        return {segment: count * logins for segment, count in devices.items()}

    def arguments(self, site: Site) -> list[str]:
        """For `nac-supplicant swarm`."""
        said = {
            "--server": site.address,
            "--accounting": site.accounting,
            "--secret-file": site.secret,
            "--ca": site.root,
            "--devices": site.certificates,
            "--sources": SOURCES,
            "--server-pid": site.pid,
            "--supplicants": self.supplicants,
            "--rate": self.rate,
            "--profile": self.profile,
            "--stay": self.stay,
            "--interim": max(1.0, self.stay / 2),
            "--moves": MOVES,
            "--attempts": _ATTEMPTS,
            "--with-ticket": self.with_ticket,
        }
        words = [str(word) for pair in said.items() for word in pair]
        for segment, vlan in site.vlans.items():
            words += ["--expect-segment", f"{segment}={vlan}"]
        return words + (["--lose-every", str(self.lose_every)] if self.lose_every else [])

    def run(self) -> dict[str, Any]:
        """The report of `nac-supplicant swarm`, with `granted_expected`; `all_right` says whether the segments are too.

        A progress bar is drawn where standard error is a terminal. Raises `LabError`.
        """
        if not BINARY.exists():
            raise LabError(f"{BINARY} is not there", fix="make supplicant")
        with tempfile.TemporaryDirectory(prefix="nac-swarm-") as folder:
            with serving(Path(folder) / "nac", self.rate) as site:
                done = subprocess.run(
                    [BINARY, "swarm", *self.arguments(site)], stdout=subprocess.PIPE, text=True, check=False
                )
            if done.returncode not in _JUDGED:
                raise LabError("nac-supplicant swarm could not run", fix="what it said stands above")
        return judged(json.loads(done.stdout), self.granted)


def judged(report: dict[str, Any], granted: Mapping[str, int]) -> dict[str, Any]:
    """A report with the accepts that each segment must have had; other numbers are not right."""
    is_right = bool(report["all_right"]) and report["granted"] == granted
    return {**report, "all_right": is_right, "granted_expected": dict(granted)}
