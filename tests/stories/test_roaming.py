"""One device, six makes of switch: wherever it signs in, the same flows pass."""

from __future__ import annotations

import pytest
from access_lists import neutral, opened
from eapol import EapolTest, network
from lab_home import SECRET, Device
from nac_server import Server
from nas import Nas

from nac.enforcement.header_space import TCP, Box, HeaderSpace

SWITCHES = {
    "rfc4849": "127.0.20.1",
    "cisco-ios-xe+ipv6": "127.0.20.2",
    "cisco-dacl+ipv6": "127.0.20.3",
    "aos-cx+ipv6": "127.0.20.4",
    "extreme-exos+ipv4": "127.0.20.5",
    "fortiswitch+ipv4": "127.0.20.6",
}
"""Where a switch of each dialect stands."""

ROLES = {
    "ml-engineering": {"training-cluster", "model-registry", "internet"},
    "data-science": {"curated-datasets", "notebooks", "internet"},
    "devops": {"deployment", "observability", "internet"},
    "business": {"front-ends", "internet"},
}
"""What is granted among other things."""


@pytest.fixture(scope="module", autouse=True)
def _switches(server: Server) -> None:
    for dialect, source in SWITCHES.items():
        server.home.add_client(dialect.replace("+", "-with-"), source, "--dialect", dialect)
    server.reload()


def sign_in(server: Server, device: Device, eapol_test: EapolTest, dialect: str) -> tuple[HeaderSpace, tuple[str, ...]]:
    """The flows that the switch of that dialect lets pass for the device, and the grants that were recorded."""
    source, moved = SWITCHES[dialect], device.moved(server.home.fresh_mac())
    outcome = eapol_test(network(moved), server.v4, moved.mac, source=source)
    assert outcome.success, outcome
    event = server.event(moved.mac)
    assert event.client == dialect.replace("+", "-with-")
    assert event.decision is not None
    with Nas(server.v4, secret=SECRET, source=source) as nas:
        return opened(dialect, outcome.accept, nas), tuple(event.decision.grants)


@pytest.mark.parametrize("group", ROLES)
def test_the_same_flows_pass_at_six_makes_of_switch(server: Server, eapol_test: EapolTest, group: str) -> None:
    """Read back from the octets by readers of their own; where IPv6 has no lines, the ports block it."""
    device = server.home.enrol(group=group)
    server.reload()
    found = {dialect: sign_in(server, device, eapol_test, dialect) for dialect in SWITCHES}
    (granted,) = {grants for _, grants in found.values()}
    assert set(granted) >= ROLES[group]
    for dialect, (space, _) in found.items():
        expected = neutral(server.home.policy, dialect, granted)
        assert space == expected, f"{dialect} opens besides:\n{space - expected}\ncloses:\n{expected - space}"
    assert len({space.only([4]) for space, _ in found.values()}) == 1
    assert len({space for dialect, (space, _) in found.items() if not dialect.endswith("+ipv4")}) == 1


def test_a_narrower_grant_narrows_it_everywhere(server: Server, alice: Device, eapol_test: EapolTest) -> None:
    """A device under suspicion loses the training cluster at every switch, and keeps the internet."""
    suspect = server.home.enrol()
    server.home.nac("device", "tag", suspect.name, "suspect")
    server.reload()
    for dialect in SWITCHES:
        before, _ = sign_in(server, alice, eapol_test, dialect)
        after, granted = sign_in(server, suspect, eapol_test, dialect)
        lost = before - after
        assert "training-cluster" not in granted
        assert any(covers(box, "10.20.0.7", 443) for box in lost.boxes), dialect
        assert any(covers(box, "10.21.0.10", 443) for box in lost.boxes), dialect
        assert not (after - before).boxes, dialect
        assert any(covers(box, "8.8.8.8", 443) for box in after.boxes), dialect


def covers(box: Box, address: str, port: int) -> bool:
    """Whether TCP to that IPv4 address and port is among the flows."""
    number = int.from_bytes(map(int, address.split(".")), "big")
    inside = [(box.protocols, TCP), (box.addresses, number), (box.ports, port)]
    return box.version == 4 and all(first <= value <= last for (first, last), value in inside)
