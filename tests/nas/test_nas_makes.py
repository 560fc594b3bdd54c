"""One server, a simulated switch of every make: what nac answers opens the flows that the policy grants, and a changed
fact comes to the port by what the make takes.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network

import pytest
from access_lists import neutral
from lab_home import SECRET, Home
from nac_server import Server, serving, until

from lab.nas.das import Address
from lab.nas.flow_table import Flow
from lab.nas.makes import make_for
from lab.nas.switch import Switch, plugged
from nac.coa.history import JobFilter, newest_jobs
from nac.enforcement.header_space import Box, FlowRule, HeaderSpace
from nac.enforcement.vendor import DIALECTS
from nac.events.types import CoaEvent

POLICY = """
resource print-server { kind other  address 10.40.0.2  port tcp 9100 }
resource scans        { kind other  address 10.40.1.0/28, 2001:db8:40::/64  port tcp 445 }
segment printers   { vlan 40  session 24h  filter-id "printers.in"  role "printers" }
segment quarantine { vlan 66  session 30m  filter-id "printers.in"  role "quarantine" }
place in printers  when method = "mab" and device.kind = "printer"
allow print-server when method = "mab" and device.kind = "printer"
allow scans        when method = "mab" and device.tags has "scanner"
"""

PRINTING = Flow(ip_address("10.40.0.2"), 6, 9100)
SCANNING = Flow(ip_address("10.40.1.9"), 6, 445)
SCANNING6 = Flow(ip_address("2001:db8:40::9"), 6, 445)
ELSEWHERE = Flow(ip_address("10.20.0.10"), 6, 443)

LOCAL = [FlowRule(permits=True, box=Box.to(ip_network("10.40.0.0/24")))]
"""What the switches have on themselves for printers."""

ON_SWITCH = dict.fromkeys(("printers", "printers.in", "quarantine"), LOCAL)
WITH_LISTS = sorted(name for name, dialect in DIALECTS.items() if dialect.lists)
NAMED = (
    *("aos-cx", "arubaos-switch", "extreme-exos", "fortiswitch", "ruckus-icx", "meraki", "vlan-only"),
    *("cisco-ios-xe", "cisco-9800", "dell-n", "juniper-ex"),
)
"""Confined by a role or a list on the switch."""

VLAN_ALONE = ("mikrotik", "unifi", "hostapd", "arista-eos")


@dataclass
class Campus:
    """A server, its switches by dialect, and the printers' names by address."""

    server: Server
    switches: dict[str, Switch]
    names: dict[str, str] = field(default_factory=dict)

    def printer(self, dialect: str, *, tag: str | None = None) -> str:
        """A known printer at a port; its address."""
        mac = self.known(tag)
        assert self.switches[dialect].plug_in(mac), self.switches[dialect].hardware.refusals
        return mac

    def known(self, tag: str | None = None) -> str:
        """A printer on record."""
        home = self.server.home
        mac, name = home.fresh_mac(), home.fresh_name("printer")
        home.nac("device", "add", name, "--mac", mac, "--kind", "printer", *(["--tag", tag] if tag else []))
        self.server.reload()
        said = mac.replace(":", "-").upper()
        self.names[said] = name
        return said

    def job(self, mac: str) -> CoaEvent | None:
        """The newest change of a device's session."""
        with self.server.database.read() as session:
            found = newest_jobs(session, JobFilter(mac=mac), 1)
        return found[0] if found else None

    def comes_to(self, switch: str, mac: str, space: HeaderSpace) -> None:
        """Exactly these flows come to pass, without the device doing anything."""
        table = self.switches[switch].table

        def there() -> bool | None:
            return True if table(mac).space == space else None

        until(there, f"{switch} lets pass\n{space}", why=lambda: f"{table(mac).space}\n{self.job(mac)}")

    def ended(self, mac: str, *states: str) -> CoaEvent:
        """The newest change once it is in one of these states."""

        def there() -> CoaEvent | None:
            job = self.job(mac)
            return job if job is not None and job.state in states else None

        return until(there, f"a change of {mac} is {' or '.join(states)}", why=lambda: str(self.job(mac)))


WRONG = {"hostapd, rfc4849": ("hostapd+ipv6", "rfc4849"), "ruckus-icx, rfc4849": ("ruckus-icx", "rfc4849")}
"""What a switch is, and what nac was told that it is."""


@pytest.fixture(scope="module")
def campus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Campus]:
    home = Home(tmp_path_factory.mktemp("makes") / "home", settings={"coa.confirm": "2s"})
    home.write_policy(POLICY)
    kinds = {dialect: (dialect, dialect) for dialect in DIALECTS} | WRONG
    switches = {
        name: Switch(is_one, SECRET, source=f"127.0.30.{number}", lists=ON_SWITCH)
        for number, (name, (is_one, _)) in enumerate(kinds.items(), 1)
    }
    with contextlib.ExitStack() as open_switches:
        for number, (name, switch) in enumerate(switches.items(), 1):
            source, port = open_switches.enter_context(plugged(switch)).address
            home.add_client(f"switch-{number}", source, "--dialect", kinds[name][1], "--coa-port", str(port))
        with serving(home) as server:
            for switch in switches.values():
                switch.knows(server.v4, accounting_address(server))
            yield Campus(server, switches)


def accounting_address(server: Server) -> Address:
    host, _, port = server.status()["accounting_addresses"][0].rpartition(":")
    return host, int(port)


@pytest.mark.parametrize("dialect", WITH_LISTS)
def test_the_flows_are_those_of_the_policy(campus: Campus, dialect: str) -> None:
    switch = campus.switches[dialect]
    plain, scanner = campus.printer(dialect), campus.printer(dialect, tag="scanner")
    policy = campus.server.home.policy
    assert switch.table(plain).vlan == "40"
    assert switch.table(plain).space == neutral(policy, dialect, ["print-server"])
    assert switch.table(scanner).space == neutral(policy, dialect, ["print-server", "scans"])
    takes_ipv6 = not dialect.endswith("+ipv4")
    asked = (PRINTING, SCANNING, SCANNING6, ELSEWHERE)
    assert [switch.may_pass(plain, flow) for flow in asked] == [True, False, False, False]
    assert [switch.may_pass(scanner, flow) for flow in asked] == [True, True, takes_ipv6, False]


@pytest.mark.parametrize("dialect", NAMED)
def test_a_list_on_the_switch_confines_where_none_is_sent(campus: Campus, dialect: str) -> None:
    switch = campus.switches[dialect]
    table = switch.table(campus.printer(dialect))
    assert (table.vlan, table.space) == ("40", HeaderSpace.of(LOCAL))


@pytest.mark.parametrize("dialect", VLAN_ALONE)
def test_the_vlan_is_all_that_these_take(campus: Campus, dialect: str) -> None:
    table = campus.switches[dialect].table(campus.printer(dialect))
    assert table.vlan == "40"
    assert table.may_pass(ELSEWHERE), "the VLAN is confined elsewhere"


@pytest.mark.parametrize("dialect", WITH_LISTS)
def test_a_changed_fact_comes_to_the_port(campus: Campus, dialect: str) -> None:
    """By a change in place where the make takes one that replaces, by a new login where it does not; and back."""
    mac = campus.printer(dialect)
    home = campus.server.home
    for grants, change in ((["print-server", "scans"], ["scanner"]), (["print-server"], ["--remove", "scanner"])):
        home.nac("device", "tag", campus.names[mac], *change)
        campus.comes_to(dialect, mac, neutral(home.policy, dialect, grants))
        assert {one.answer for one in campus.ended(mac, "confirmed").tries} == {"ack"}


@pytest.mark.parametrize("dialect", sorted(DIALECTS))
def test_whoever_may_no_longer_has_nothing(campus: Campus, dialect: str) -> None:
    mac = campus.printer(dialect)
    assert campus.switches[dialect].may_pass(mac, PRINTING)
    campus.server.home.nac("device", "disable", campus.names[mac])
    campus.comes_to(dialect, mac, HeaderSpace.of([]))
    job = campus.ended(mac, "confirmed")
    assert [one.verb for one in job.tries] == ["disconnect"]


def tried(job: CoaEvent) -> list[tuple[str, int | None]]:
    """Each verb with its Error-Cause."""
    return [(one.verb, one.error_cause) for one in job.tries]


def test_a_switch_that_is_not_what_nac_was_told(campus: Campus) -> None:
    """hostapd takes no list in place: NAK 401, and nac goes on to the next verb, which brings the change about."""
    mac = campus.printer("hostapd, rfc4849")
    campus.server.home.nac("device", "tag", campus.names[mac], "scanner")
    job = campus.ended(mac, "confirmed")
    assert tried(job) == [("change", 401), ("disconnect", None)]
    campus.comes_to("hostapd, rfc4849", mac, neutral(campus.server.home.policy, "rfc4849", ["print-server", "scans"]))


def test_where_every_verb_is_refused_somebody_is_told(campus: Campus) -> None:
    """ICX takes no attribute too many: each verb of the wrong dialect fails, nothing changes, the record says so."""
    mac = campus.printer("ruckus-icx, rfc4849")
    table = campus.switches["ruckus-icx, rfc4849"].table(mac)
    campus.server.home.nac("device", "tag", campus.names[mac], "scanner")
    job = campus.ended(mac, "failed")
    assert {cause for _, cause in tried(job)} == {401}
    assert campus.switches["ruckus-icx, rfc4849"].table(mac) == table


def test_every_make_of_the_list_is_simulated() -> None:
    assert {make_for(dialect).name for dialect in DIALECTS} >= {
        *("cisco-ios-xe", "cisco-9800", "aos-cx", "arubaos-switch", "juniper-ex", "fortiswitch", "extreme-exos"),
        *("mikrotik", "dell-n", "ruckus-icx", "meraki", "hostapd"),
    }
