"""One run of a swarm, and whether everything was as it must be."""

from __future__ import annotations

import json
import math
import subprocess
import tempfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from lab.campus.error import LabError
from lab.campus.nac_home import SERVER_NAME
from lab.swarm import laptops
from lab.swarm.site import KINDS, NARROWED, REPORTING_KINDS, SOURCES, Site, serving

Profile = Literal["morning-rush", "power-cut", "roaming"]
Granted = Mapping[str, int]
"""Accepts or sessions by segment."""

BINARY: Final = Path(__file__).resolve().parents[2] / "target/release/nac-supplicant"
MOVES: Final = 3
"""Of each device that roams."""

_ATTEMPTS: Final = 20
_JUDGED: Final = (0, 1)
"""Exit codes with a report."""


@dataclass(frozen=True)
class Swarm:
    """`rate`: arrivals a second, which a power cut does not have. `stay`: seconds at a port. `lose_every`: one reply in
    that many is lost on its way, none for 0. `with_ticket`: share of the devices that can resume a TLS session.

    `posture`: every device reports its health, `report_every` seconds after each verdict again, and a share of
    `unhealthy` has its firewall off: it comes in as healthy, and must be narrowed by a change of authorization."""

    supplicants: int
    rate: float
    profile: Profile
    stay: float
    lose_every: int = 0
    with_ticket: float = 0.0
    posture: bool = False
    unhealthy: float = 0.0
    report_every: float = 5.0

    @property
    def logins(self) -> int:
        """Of each device."""
        return 1 + (MOVES if self.profile == "roaming" else 0)

    @property
    def granted(self) -> dict[str, int]:
        """How many Access-Accepts each segment must get. A device that was narrowed stays so where it goes."""
        granted: Counter[str] = Counter()
        for number in range(self.supplicants):
            again = NARROWED if self.is_unhealthy(number) else self._segment(number)
            granted[self._segment(number)] += 1
            granted[again] += self.logins - 1
        return dict(+granted)

    @property
    def left(self) -> dict[str, dict[str, int]]:
        """How many sessions must end in each segment, by the verdict that their devices deserve; of a swarm that
        reports."""
        left: dict[str, Counter[str]] = {}
        for number in range(self.supplicants if self.posture else 0):
            is_unhealthy = self.is_unhealthy(number)
            ends = left.setdefault("unhealthy" if is_unhealthy else "healthy", Counter())
            ends[NARROWED if is_unhealthy else self._segment(number)] += self.logins
        return {verdict: dict(counts) for verdict, counts in left.items()}

    def is_unhealthy(self, number: int) -> bool:
        """Whether this device's firewall is off; `nac-supplicant` spreads them in the same way."""
        return self.posture and math.floor((number + 1) * self.unhealthy) > math.floor(number * self.unhealthy)

    def _segment(self, number: int) -> str:
        kinds = REPORTING_KINDS if self.posture else KINDS
        return kinds[number % len(kinds)].segment

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
        if site.posture is not None:
            said |= {
                "--posture": site.posture,
                "--posture-name": SERVER_NAME,
                "--report-every": self.report_every,
                "--unhealthy": self.unhealthy,
                "--coa-port": site.coa_port,
            }
        words = [str(word) for pair in said.items() for word in pair]
        for segment, vlan in site.vlans.items():
            words += ["--expect-segment", f"{segment}={vlan}"]
        return words + (["--lose-every", str(self.lose_every)] if self.lose_every else [])

    def run(self) -> dict[str, Any]:
        """The report of `nac-supplicant swarm`, with `granted_expected` and `left_expected`; `all_right` says whether
        the segments are too.

        A progress bar is drawn where standard error is a terminal. Raises `LabError`.
        """
        if not BINARY.exists():
            raise LabError(f"{BINARY} is not there", fix="make supplicant")
        if self.posture and self.supplicants > laptops.MOST:
            raise LabError(
                f"{self.supplicants:,} devices that report are too many",
                fix=f"take at most {laptops.MOST:,}: each gets a certificate of its own",
            )
        reporting = self.supplicants if self.posture else 0
        with (
            tempfile.TemporaryDirectory(prefix="nac-swarm-") as folder,
            serving(Path(folder) / "nac", self.rate, reporting=reporting) as site,
        ):
            return judged(self.against(site), self.granted, self.left)

    def against(self, site: Site) -> dict[str, Any]:
        """The report of `nac-supplicant swarm` on a site that was made for it. Raises `LabError`."""
        done = subprocess.run([BINARY, "swarm", *self.arguments(site)], stdout=subprocess.PIPE, text=True, check=False)
        if done.returncode not in _JUDGED:
            raise LabError("nac-supplicant swarm could not run", fix="what it said stands above")
        report: dict[str, Any] = json.loads(done.stdout)
        return report


def judged(report: dict[str, Any], granted: Granted, left: Mapping[str, Granted]) -> dict[str, Any]:
    """A report with the accepts that each segment must have had, and the sessions that must have ended there; other
    numbers are not right."""
    is_right = bool(report["all_right"]) and report["granted"] == granted and report["left"] == left
    return {**report, "all_right": is_right, "granted_expected": dict(granted), "left_expected": dict(left)}
