"""Two servers on one PostgreSQL: own switches, journals, sessions and changes, and the same facts for both."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from coa_site import MAKES, Site, accounting_address
from eapol import EapolTest, network, require
from lab_home import SECRET, Home
from nac_server import Server, drained, serving, until
from sqlalchemy import func, select

from lab.nas import das
from lab.nas.das import Das, Port, mab_login
from lab.postgresql import PostgreSql
from nac.db import upgrade
from nac.db.schema import Accounting, Drained


@pytest.fixture
def nodes(postgresql: PostgreSql, tmp_path: Path) -> Iterator[tuple[Site, Site]]:
    url = postgresql.new_database()
    upgrade(url)
    with ExitStack() as ending:
        switches = [
            ending.enter_context(das.serving(Das(MAKES["standard"], SECRET, source=f"127.8.0.{number}")))
            for number in (1, 2)
        ]
        first = Home(tmp_path / "first", settings={"database.url": url})
        first.add_client("anywhere", "127.0.0.1")
        second = first.another_node(tmp_path / "second")
        for switch in switches:
            settings = ("--dialect", "rfc4849", "--coa-port", str(switch.address[1]))
            first.add_client(f"switch-{switch.source[-1]}", switch.source, *settings)
        sites = []
        for home, switch in zip((first, second), switches, strict=True):
            server = ending.enter_context(serving(home))
            switch.accounting = accounting_address(server)
            sites.append(Site(home, server, switch))
        yield sites[0], sites[1]


def plug_in(site: Site, mac: str, number: int) -> Port:
    said = mac.replace(":", "-").upper()
    source = site.das.source
    port = Port(said, f"{number:08X}", lambda: mab_login(site.server.v4, SECRET, said, source=source))
    site.das.plug_in(port)
    return port


def node_of(server: Server) -> str:
    return str(server.status()["journal"]["node"])


def test_each_changes_its_own_ports_for_a_fact_that_both_have(nodes: tuple[Site, Site]) -> None:
    macs = [nodes[0].home.add_printer() for _ in nodes]
    for site in nodes:
        site.server.reload()
    for number, (site, mac) in enumerate(zip(nodes, macs, strict=True)):
        plug_in(site, mac, number)
    for mac in macs:
        nodes[0].home.nac("device", "disable", mac)

    def ended() -> dict[str, str] | None:
        jobs = nodes[0].jobs(state="confirmed")
        return {job.mac: job.node for job in jobs if job.mac} if len(jobs) == len(macs) else None

    # The number of the journal is per node: records of both have the same, and are told apart.
    of_their_node = until(ended, "both ports are changed", why=nodes[1].server.log)
    said = [mac.replace(":", "-").upper() for mac in macs]
    assert of_their_node == {one: node_of(site.server) for one, site in zip(said, nodes, strict=True)}
    assert [len(site.das.received) for site in nodes] == [1, 1]
    assert [site.das.ports for site in nodes] == [[], []]
    for site in nodes:
        until(lambda site=site: drained(site.server), "its journal is stored", why=site.server.log)
    with nodes[0].server.database.read() as session:
        stored = session.execute(select(Accounting.node, func.count().label("count")).group_by(Accounting.node)).all()
    assert {row.node: row.count for row in stored} == {node_of(site.server): 2 for site in nodes}


def test_what_a_node_left_open_that_is_gone_is_closed_by_a_word(nodes: tuple[Site, Site]) -> None:
    stays, goes = nodes
    mac = stays.home.add_printer()
    goes.server.reload()
    plug_in(goes, mac, 1)
    goes.das.faults.deaf = True
    stays.home.nac("device", "disable", mac)
    open_change = until(
        lambda: next(iter(stays.jobs(is_open=True)), None), "a change is under way", why=goes.server.log
    )
    until(lambda: drained(goes.server), "its journal is stored", why=goes.server.log)
    gone, own = node_of(goes.server), node_of(stays.server)
    goes.server.kill()

    assert "own node" in stays.home.nac("db", "forget-node", own, code=4)
    assert "--force" in stays.home.nac("db", "forget-node", gone[:12], code=4)
    assert "no node" in stays.home.nac("db", "forget-node", "ffffffffffff", code=4)
    said = stays.home.nac("db", "forget-node", gone[:12], "--force")

    assert "1 sessions, 1 changes" in said
    job = stays.jobs(job=open_change.job)[0]
    assert (job.state, job.by, job.node) == ("withdrawn", "node-gone", gone)
    everything = stays.home.json("session", "list", "--since", "1h", "--mac", mac)
    assert [(one["state"], one["cause"]) for one in everything] == [("closed", "node-gone")]
    with stays.server.database.read() as session:
        assert session.scalars(select(Drained.node)).all() == [own]
    assert stays.home.json("audit", "list", "--action", "db forget-node")[0]["subject"] == gone


def test_a_forgotten_node_that_comes_back_stores_nothing_twice(nodes: tuple[Site, Site]) -> None:
    stays, comes_back = nodes
    mac = stays.home.add_printer()
    comes_back.server.reload()
    port = plug_in(comes_back, mac, 1)
    until(lambda: drained(comes_back.server), "its journal is stored", why=comes_back.server.log)
    node = node_of(comes_back.server)
    comes_back.server.kill()
    stays.home.nac("db", "forget-node", node, "--force")
    with serving(comes_back.home) as server:
        comes_back.das.accounting = accounting_address(server)
        comes_back.das.interim(port)
        until(lambda: drained(server), "its journal is stored", why=server.log)
        with server.database.read() as session:
            rows = session.scalars(
                select(Accounting.status).where(Accounting.node == node).order_by(Accounting.sequence)
            )
            assert rows.all() == ["start", "interim-update"]


def test_a_device_logs_in_by_certificate_at_both(nodes: tuple[Site, Site], tmp_path: Path) -> None:
    require("eapol_test", "eapoltest")
    eapol_test = EapolTest(tmp_path)
    laptop = nodes[0].home.enrol()
    for site in nodes:
        site.server.reload()
        assert eapol_test(network(laptop), site.server.v4, laptop.mac).success
    events = nodes[0].server.events(laptop.mac, 2)
    assert {(event.result, event.identity_device) for event in events} == {("accept", laptop.name)}
    devices = nodes[0].home.json("session", "list", "--since", "1h", "--mac", laptop.mac)
    assert {one["node"] for one in devices} == {node_of(site.server) for site in nodes}
