"""EAP-TLS in pieces, both ways (RFC 5216 2.1.5, RFC 3579 2.4)."""

from __future__ import annotations

import pytest
from eapol import EapolTest, Outcome, TlsVersion, network
from lab_home import Device
from nac_server import Server
from nas import EAP_KEY_NAME, Packet

EAP_REQUEST = 1
EAP_TLS = 13
MORE_FRAGMENTS = 0x40


def lengths(packets: list[Packet]) -> list[int]:
    """Octets of each EAP packet."""
    return [len(packet.eap) for packet in packets if packet.eap]


def fragments_in_a_row(outcome: Outcome) -> int:
    """How many of the server's EAP-TLS packets say that more follows."""
    packets = [reply.eap for reply in outcome.challenges]
    return sum(1 for eap in packets if eap[0] == EAP_REQUEST and eap[4] == EAP_TLS and eap[5] & MORE_FRAGMENTS)


@pytest.mark.parametrize("tls", ["1.2", "1.3"])
@pytest.mark.parametrize("size", [200, 500, 1398])
def test_of_the_client(
    server: Server, alice: Device, mac: str, eapol_test: EapolTest, size: int, tls: TlsVersion
) -> None:
    profile = network(alice, tls=tls, settings={"fragment_size": str(size)})
    outcome = eapol_test(profile, server.v4, mac)
    assert outcome.success, outcome
    assert outcome.keys_match()
    tls_octets = server.event(mac).tls
    assert tls_octets is not None
    assert max(lengths(list(outcome.requests))) <= size + 10
    assert len(outcome.requests) >= tls_octets.octets_in / size


@pytest.mark.parametrize("tls", ["1.2", "1.3"])
@pytest.mark.parametrize(("size", "source"), [(200, "127.0.1.200"), (500, "127.0.1.50"), (1398, "127.0.1.139")])
def test_of_the_server(
    server: Server, alice: Device, mac: str, eapol_test: EapolTest, size: int, source: str, tls: TlsVersion
) -> None:
    """`nac client add --fragment-size`: octets of an EAP packet."""
    outcome = eapol_test(network(alice, tls=tls), server.v4, mac, source=source)
    assert outcome.success, outcome
    assert outcome.keys_match()
    sent = lengths(outcome.challenges)
    assert max(sent) <= size
    assert (max(sent) == size) == (fragments_in_a_row(outcome) > 0), "a fragment is full, or there is none"
    assert (fragments_in_a_row(outcome) > 0) == (size < 1398)


@pytest.mark.parametrize("size", [200, 500])
def test_both_ways_at_once(server: Server, alice: Device, mac: str, eapol_test: EapolTest, size: int) -> None:
    source = {200: "127.0.1.200", 500: "127.0.1.50"}[size]
    profile = network(alice, settings={"fragment_size": str(size)})
    outcome = eapol_test(profile, server.v4, mac, "-e", "-r", "1", source=source)
    assert outcome.success, outcome
    assert outcome.keys_match()
    assert outcome.handshakes() == [False, True]
    assert len(outcome.accept.one(EAP_KEY_NAME)) == 65


@pytest.mark.parametrize("mtu", [600, 300, 100])
def test_framed_mtu_is_obeyed(server: Server, alice: Device, mac: str, eapol_test: EapolTest, mtu: int) -> None:
    """RFC 3579 2.4: what the link takes, less the four octets of the IEEE 802.1X header."""
    outcome = eapol_test(network(alice), server.v4, mac, "-N", f"12:d:{mtu}")
    assert outcome.success, outcome
    assert max(lengths(outcome.challenges)) == mtu - 4
