"""What happens between a switch and the server in the middle of an EAP conversation: a restart, lost replies."""

from __future__ import annotations

from pathlib import Path

import pytest
from eapol import EapolTest, network, require
from lab_home import Home
from nac_server import Server, serving
from nas import ACCESS_ACCEPT, ACCESS_CHALLENGE, ACCESS_REJECT, Address, Packet


@pytest.fixture
def eapol_test(tmp_path: Path) -> EapolTest:
    require("eapol_test", "eapoltest")
    return EapolTest(tmp_path)


def test_a_restart_in_the_middle_of_a_conversation(home: Home, eapol_test: EapolTest) -> None:
    """The State of before is answered with a Reject at once, not with silence, and the next try gets in."""
    device = home.enrol()
    servers = [Server(home)]

    def restart() -> Address:
        servers[0].kill()
        servers.append(Server(home))
        servers[1].wait_until_ready()
        return servers[1].v4

    try:
        servers[0].wait_until_ready()
        broken = eapol_test(network(device), servers[0].v4, device.mac, midway=restart)
        again = eapol_test(network(device), servers[1].v4, device.mac)
    finally:
        servers[-1].stop()
    assert [reply.code for reply in broken.replies] == [ACCESS_CHALLENGE, ACCESS_REJECT]
    # A restart that takes longer than the switch's patience has it send the same request again.
    assert len({request.octets for request in broken.requests}) == 2, "nothing else had to be sent"
    assert again.success


def test_replies_that_are_lost_are_sent_again(home: Home, eapol_test: EapolTest) -> None:
    """The first copy of the second and of the last reply is lost: the cache answers, the session succeeds once."""
    device = home.enrol()
    seen: set[bytes] = set()
    lost: list[bytes] = []

    def lose(reply: Packet) -> bool:
        again = reply.octets in seen
        seen.add(reply.octets)
        if again or not (len(seen) == 2 or reply.code == ACCESS_ACCEPT):
            return False
        lost.append(reply.octets)
        return True

    with serving(home) as server:
        outcome = eapol_test(network(device), server.v4, device.mac, lose=lose)
        assert outcome.success
        assert outcome.keys_match()
        assert len(lost) == 2
        assert [reply.octets for reply in outcome.replies].count(lost[1]) == 2, "the same octets again"
        assert server.event(device.mac).result == "accept"
