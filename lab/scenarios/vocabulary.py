"""The words of the scenarios: who comes, where they plug in, what must and must not pass, what nac must know.

Each word does it for real or looks for real, tells the record what it did, and raises `ScenarioError` when something
is not so.
"""

from __future__ import annotations

import itertools
import secrets
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from lab.campus import namespace
from lab.campus.agent import TAG, AgentHome
from lab.campus.nac_home import Nac
from lab.campus.plan import SECRET_FILE, SWITCHES, server_of
from lab.campus.state import Lab
from lab.campus.supplicant import Certificate
from lab.campus.switch.ask import ask
from lab.scenarios.device import Device
from lab.scenarios.record import Record, ScenarioError, Step
from lab.scenarios.workstation import Workstation
from nac.errors import NacError

FIRST_PORT = 10
"""Of a scenario's hosts; those below belong to the residents."""


class Campus:
    """The running lab, as one scenario sees it. What it makes is new, and named with the scenario's `tag`."""

    def __init__(self, lab: Lab, tag: str) -> None:
        self.lab, self.nac, self.tag = lab, Nac(lab.nac), tag
        self.record = Record()
        self._devices: list[Device] = []
        self._numbers = itertools.count(1)
        self._ports = {switch.name: itertools.count(FIRST_PORT) for switch in SWITCHES}

    # --- who there is ---

    def person(self, *groups: str) -> str:
        """A new user."""
        name = f"{self._name('user')}@corp.example"
        self.admin("user", "add", name, *_each("--group", groups))
        return name

    def laptop(
        self,
        *groups: str,
        owner: str | None = None,
        managed: bool = True,
        posture: str | None = "healthy",
        tags: Sequence[str] = (),
        key: str = "p256",
    ) -> Device:
        """A new laptop with a certificate for its owner, who is new too and of these groups unless named."""
        owner = owner or self.person(*groups)
        device = self._device(self._laptop(owner, tags, *(["--managed"] if managed else [])), owner)
        if posture is not None:
            device.posture(posture)
        device.certificate = self.certificate("--user", owner, "--device", device.name, "--key", key)
        return device

    def workstation(self, *groups: str, tags: Sequence[str] = ()) -> Workstation:
        """A new managed laptop that carries the posture agent; nothing is known of its health."""
        owner = self.person(*groups)
        name = self._laptop(owner, (TAG, *tags), "--managed")
        return self._workstation(name, owner, self.certificate("--user", owner, "--device", name))

    def copy_of(self, other: Workstation) -> Workstation:
        """Another machine with the certificate and key of this one."""
        assert other.certificate is not None
        return self._workstation(other.name, other.identity, other.certificate)

    def _laptop(self, owner: str, tags: Sequence[str], *flags: str) -> str:
        """Put one on record; its name."""
        name = self._name("laptop")
        self.admin("device", "add", name, "--kind", "laptop", "--owner", owner, *flags, *_each("--tag", tags))
        return name

    def machine(self, kind: str, *tags: str, uri: str | None = None) -> Device:
        """A managed, healthy device without a user, and a certificate of its own."""
        name = self._name(kind)
        self.admin("device", "add", name, "--kind", kind, "--managed", *_each("--tag", tags))
        device = self._device(name, name)
        device.posture("healthy")
        device.certificate = self.certificate("--device", name, *(["--uri", uri] if uri else []))
        return device

    def printer(self, *, known: bool = True) -> Device:
        """A printer without 802.1X; when `known`, its MAC address is on record."""
        device = self._device(self._name("printer"), "")
        if known:
            self.admin("device", "add", device.name, "--kind", "printer", "--mac", device.mac)
        return device

    def certificate(self, *names: str) -> Certificate:
        """A new certificate of the campus' authority."""
        made = self.nac.json("pki", "issue", *names, "--out", str(self.folder("certificate")))
        return Certificate(Path(made["chain"]), Path(made["key"]), Path(made["ca"]))

    def _device(self, name: str, identity: str) -> Device:
        device = Device(self, name, identity, _mac())
        self._devices.append(device)
        return device

    def _workstation(self, name: str, owner: str, certificate: Certificate) -> Workstation:
        home = AgentHome.make(self.lab.agent(self._name("agent")), certificate)
        device = Workstation(self, name, owner, _mac(), certificate, home=home)
        self._devices.append(device)
        return device

    def folder(self, kind: str) -> Path:
        """For files that nobody has made yet."""
        return self.lab.folder / "devices" / self._name(kind)

    def _name(self, kind: str) -> str:
        return f"{kind}-{self.tag}-{next(self._numbers)}"

    def port_of(self, switch: str) -> int:
        """The next free port of a switch."""
        return next(self._ports[switch])

    def shares(self, switch: str, secret: str) -> None:
        """The switch is told another secret, which holds for what is plugged in from now on, and keeps it."""
        (self.lab.switch(switch) / SECRET_FILE).write_text(secret)
        ask(self.lab.switch(switch), "secret", secret=secret)

    def ports(self, switch: str) -> list[dict[str, Any]]:
        """Every plugged port of a switch, as it is now."""
        return list(ask(self.lab.switch(switch), "ports"))

    # --- what an admin does ---

    def admin(self, *words: str) -> str:
        """An admin types a command; what it printed."""
        begun = time.monotonic()
        printed = self.nac(*words)
        self.tell(f"nac {' '.join(words)}", begun)
        return printed

    def takes_over(self) -> None:
        """Wait until the server has what was changed."""
        self.nac.reload()

    @contextmanager
    def policy(self, text: str) -> Iterator[None]:
        """With further statements in the policy. Raises `LabError` with the diagnostics when they are not accepted."""
        file = self.nac.policy / f"zz-{self.tag}.policy"
        file.write_text(text)
        try:
            self.nac.reload()
            self.tell(f"the policy gains:\n{text.strip()}", time.monotonic())
            yield
        finally:
            file.unlink()
            self.nac.reload()

    def is_refused(self, act: Callable[[], object], *, saying: str) -> None:
        """`act` must fail with an error that says this."""
        begun = time.monotonic()
        try:
            act()
        except NacError as error:
            if saying not in error.message:
                raise ScenarioError(f"refused, but without {saying!r}: {error.message}") from error
            self.tell(f"refused: {error.message.splitlines()[0][:200]}", begun)
            return
        raise ScenarioError(f"not refused, and it must be: {saying}")

    def strange_root(self) -> Path:
        """The root of somebody else's authority."""
        folder = self.folder("elsewhere")
        names = ["--organization", "Elsewhere", "--server-name", "elsewhere.example"]
        self.nac("pki", "init", "--directory", str(folder), *names)
        return folder / "root.pem"

    @contextmanager
    def internet_is_cut(self) -> Iterator[None]:
        """The campus' link to the internet is down for this time."""
        namespace.batch(["link set internet down"], self.lab.core)
        try:
            yield
        finally:
            address = server_of("internet").address
            namespace.batch(["link set internet up", f"route replace {address} dev internet"], self.lab.core)

    def database_is_away(self) -> AbstractContextManager[None]:
        """For this time nobody but us can write into nac's database."""
        return locked(self.lab.nac / "state/nac.db")

    def tell(self, text: str, begun: float) -> None:
        """For the report."""
        self.record.steps.append(Step(text, time.monotonic() - begun))

    def must(self, truth: object, what: str) -> None:
        """`what` must be true. Raises `ScenarioError`."""
        if not truth:
            raise ScenarioError(f"not so: {what}")
        self.tell(what, time.monotonic())

    def leave(self) -> None:
        """Everybody goes home."""
        for device in self._devices:
            device.host.unplug()


@contextmanager
def locked(database: Path) -> Iterator[None]:
    """Hold SQLite's exclusive lock."""
    connection = sqlite3.connect(database, isolation_level=None)
    try:
        connection.execute("BEGIN EXCLUSIVE")
        yield
        connection.execute("ROLLBACK")
    finally:
        connection.close()


def _mac() -> str:
    """Of nobody else; locally administered."""
    return f"02:{secrets.token_bytes(5).hex(':')}"


def _each(option: str, values: Sequence[str]) -> list[str]:
    return [word for value in values for word in (option, value)]
