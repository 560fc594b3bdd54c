"""Who works on the campus when no scenario plays: they sign in when the lab comes up, and stay."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from lab.campus import firewall
from lab.campus.agent import TAG, AgentHome
from lab.campus.error import LabError
from lab.campus.host import Host
from lab.campus.nac_home import Nac, until
from lab.campus.plan import SERVERS, server_of, switch_named
from lab.campus.probe import answering
from lab.campus.state import Lab
from lab.campus.supplicant import Certificate
from lab.campus.switch.ask import ask

_FILE: Final = "residents.json"


@dataclass(frozen=True)
class Resident:
    """A device that stays at its port. `user` is empty for one that is known by its MAC address."""

    name: str
    user: str
    group: str
    switch: str
    port: int
    managed: bool = True
    has_agent: bool = False

    @property
    def mac(self) -> str:
        """From the lab's own numbers; locally administered."""
        return f"02:00:5e:ff:{switch_named(self.switch).number:02x}:{self.port:02x}"

    def seen(self, lab: Lab) -> dict[str, Any] | None:
        """Its port as the switch has it; None when the cable is out."""
        told = ask(lab.switch(self.switch), "ports")
        return next((dict(one) for one in told if one["port"] == self.port), None)

    def host(self, lab: Lab) -> Host:
        """Its namespace and cable."""
        return Host(lab, self.name, self.mac)


RESIDENTS: Final = (
    Resident("laptop-anna", "anna@corp.example", "ml-engineering", "ber-1", 1, has_agent=True),
    Resident("printer-3", "", "", "ber-1", 2),
    Resident("laptop-ben", "ben@corp.example", "data-science", "ber-2", 1),
    Resident("laptop-carla", "carla@corp.example", "devops", "bos-1", 1),
    Resident("tablet-carla", "carla@corp.example", "devops", "bos-1", 2, managed=False),
)


def settle(lab: Lab, nac: Nac) -> None:
    """Everybody signs in. Raises `LabError` when somebody cannot."""
    for user, group in {one.user: one.group for one in RESIDENTS if one.user}.items():
        nac("user", "add", user, "--group", group)
    certificates = {resident: _enrol(lab, nac, resident) for resident in RESIDENTS}
    nac.reload()
    for resident in RESIDENTS:
        _plug(lab, resident, certificates[resident])
    (lab.folder / _FILE).write_text(json.dumps([asdict(one) for one in RESIDENTS], indent=2) + "\n")


def of(lab: Lab) -> list[Resident]:
    """Those of a running lab; none when it came up without."""
    try:
        return [Resident(**one) for one in json.loads((lab.folder / _FILE).read_text())]
    except FileNotFoundError:
        return []


def _enrol(lab: Lab, nac: Nac, resident: Resident) -> Certificate | None:
    if not resident.user:
        nac("device", "add", resident.name, "--kind", "printer", "--mac", resident.mac)
        return None
    words = [*(["--managed"] if resident.managed else []), *(["--tag", TAG] if resident.has_agent else [])]
    nac("device", "add", resident.name, "--owner", resident.user, *words)
    if resident.managed and not resident.has_agent:
        nac("device", "posture", resident.name, "healthy", "--for", "24h")
    out = str(lab.folder / "devices" / resident.name)
    made = nac.json("pki", "issue", "--user", resident.user, "--device", resident.name, "--out", out)
    return Certificate(Path(made["chain"]), Path(made["key"]), Path(made["ca"]))


def _plug(lab: Lab, resident: Resident, certificate: Certificate | None) -> None:
    host = resident.host(lab)
    host.plug(switch_named(resident.switch), resident.port)
    if certificate is not None:
        host.sign_in(resident.user, certificate, tls="1.3")
        assert host.supplicant is not None
        ended = host.supplicant.ended()
        host.supplicant.control.close()
        if ended != "accepted":
            raise LabError(
                f"{resident.name} cannot sign in: {ended}", fix=f"nac -c {lab.nac}/nac.toml why {resident.name}"
            )
        if resident.has_agent:
            _report(lab, resident, host, certificate)
        return
    answering(host.place, SERVERS[:1])  # a frame, so that the switch asks about its address
    until(lambda: host.seen()["session"], f"{resident.name} is let in by its address")


def _report(lab: Lab, resident: Resident, host: Host, certificate: Certificate) -> None:
    """Its agent starts, and its first report opens more than the posture service."""
    home = AgentHome.make(lab.agent(resident.name), certificate)
    firewall.switch_on(host.place)
    process = home.start(host.place)
    opened = server_of("training-cluster")
    until(
        lambda: answering(host.place, [opened]) or None,
        f"the first report of {resident.name} opens its port",
        alive=[process],
        log=home.log,
    )
