"""os_supported: the makers of the operating system still mend it."""

from __future__ import annotations

from datetime import UTC, datetime

from nac.agent.checks.os_release import ROLLING, read_os_release
from nac.agent.finding import Finding, failed, passed, unknown
from nac.agent.machine import Machine


def run(machine: Machine) -> Finding:
    release = read_os_release(machine.root)
    if release.identifier in ROLLING:
        return passed(str(release), "has no versions that end")
    ends = release.support_ends
    if ends is None:
        return unknown(f"when support of {release} ends is not known to this agent")
    if datetime.fromtimestamp(machine.now, UTC).date() > ends:
        return failed(str(release), f"support ended on {ends}: install the next version")
    return passed(str(release), f"supported until {ends}")
