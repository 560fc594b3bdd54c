"""A running server and the simulated switch in front of it, for the stories of changed sessions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from lab_home import SECRET, Home
from nac_server import Server, until

from lab.nas import makes, radius
from lab.nas.das import Das, Port, mab_login
from lab.nas.makes import Make
from nac.coa.history import JobFilter, newest_jobs
from nac.events.types import CoaEvent

MAKES = {make.name: make for make in makes.MAKES}


@dataclass
class Site:
    """A running server and its switch."""

    home: Home
    server: Server
    das: Das
    makes: Mapping[str, Make] = field(default_factory=lambda: MAKES)

    def printer(self, number: int = 1) -> Port:
        """A printer that is logged in, with accounting."""
        mac = self.home.add_printer()
        self.server.reload()
        return self.plug_in(mac, number)

    def plug_in(self, mac: str, number: int = 1) -> Port:
        """A device at a port of the switch."""
        said = mac.replace(":", "-").upper()
        audit = f"0A000001{number:08X}"
        more = [radius.vendor(9, 1, f"audit-session-id={audit}")] if self.das.make.name == "cisco-ios-xe" else []
        return self.connect(said, lambda: mab_login(self.server.v4, SECRET, said, *more), number, audit)

    def connect(self, mac: str, login: Callable[[], bool], number: int = 1, audit: str | None = None) -> Port:
        """A device that logs in as it will."""
        port = Port(mac, f"{number:08X}", login, audit)
        self.das.plug_in(port)
        return port

    def jobs(self, **wanted: object) -> list[CoaEvent]:
        """The changes that are stored, newest first."""
        with self.server.database.read() as session:
            return newest_jobs(session, JobFilter(**wanted), 1000)  # type: ignore[arg-type]

    def job(self, *states: str, count: int = 1) -> CoaEvent:
        """The newest of `count` changes once it is in one of these states."""

        def there() -> CoaEvent | None:
            found = self.jobs()
            return found[0] if len(found) >= count and found[0].state in states else None

        return until(there, f"a change is {' or '.join(states)}", why=lambda: f"{self.jobs()}\n{self.server.log()}")


def accounting_address(server: Server) -> tuple[str, int]:
    """Where it takes accounting."""
    host, _, port = server.status()["accounting_addresses"][0].rpartition(":")
    return host, int(port)
