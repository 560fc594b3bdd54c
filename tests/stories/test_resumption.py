"""Resumed handshakes: fast, and checked as strictly as full ones (RFC 9190 5.7)."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import certificates
import eap_peer
import pytest
from eap_peer import Peer
from eapol import EapolTest, Outcome, TlsVersion, network
from lab_home import Device, Home
from nac_server import Server, until
from nas import ACCESS_ACCEPT, ACCESS_REJECT, TUNNEL_PRIVATE_GROUP_ID, USER_NAME, Nas

# By ticket in TLS 1.3; in TLS 1.2 by ticket where the supplicant offers one, else by session id.
WAYS = [("1.3", ""), ("1.2", "tls_disable_session_ticket=0"), ("1.2", "tls_disable_session_ticket=1")]


@pytest.mark.parametrize(("tls", "phase1"), WAYS, ids=["1.3", "1.2-ticket", "1.2-session-id"])
def test_three_times(
    server: Server, alice: Device, mac: str, eapol_test: EapolTest, tls: TlsVersion, phase1: str
) -> None:
    before = server.counter("resumed")
    outcome = eapol_test(network(alice, tls=tls, phase1=phase1), server.v4, mac, "-r", "3")
    assert outcome.success, outcome
    assert outcome.keys_match()
    assert outcome.handshakes() == [False, True, True, True]
    events = server.events(mac, 4)
    assert [event.tls and event.tls.resumed for event in events] == [False, True, True, True]
    assert {event.result for event in events} == {"accept"}
    assert {event.identity_user for event in events} == {alice.user}
    assert server.counter("resumed") == before + 3


def revoke(home: Home, device: Device) -> None:
    home.nac("pki", "revoke", str(device.chain))


def disable_device(home: Home, device: Device) -> None:
    home.nac("device", "disable", device.name)


def disable_user(home: Home, device: Device) -> None:
    home.nac("user", "disable", device.user)


def leave_group(home: Home, device: Device) -> None:
    home.nac("user", "group", device.user, "--remove", "ml-engineering")


CHANGES: list[tuple[Callable[[Home, Device], None], str]] = [
    (revoke, "certificate_revoked"),
    (disable_device, "device_disabled"),
    (disable_user, "user_disabled"),
    (leave_group, "policy_default_deny"),
]


@pytest.mark.parametrize(("tls", "phase1"), WAYS, ids=["1.3", "1.2-ticket", "1.2-session-id"])
@pytest.mark.parametrize(("change", "cause"), CHANGES, ids=[cause for _, cause in CHANGES])
def test_what_changed_since_the_full_handshake_counts(
    server: Server,
    eapol_test: EapolTest,
    change: Callable[[Home, Device], None],
    cause: str,
    tls: TlsVersion,
    phase1: str,
) -> None:
    device = server.home.enrol()
    server.reload()

    def between() -> None:
        change(server.home, device)
        server.reload()

    profile = network(device, tls=tls, phase1=phase1)
    outcome = eapol_test(profile, server.v4, device.mac, "-r", "1", between=between)
    refused_on_resumption(server, device, outcome, cause)


def test_a_policy_that_changed_since(server: Server, alice: Device, mac: str, eapol_test: EapolTest) -> None:
    """Files of a policy folder are read in the order of their names, and the first match decides the place."""
    added = server.home.folder / "policy/aa-office.policy"

    def between() -> None:
        added.write_text(f'place in office when user.name = "{alice.user}"\n')
        server.reload()

    try:
        outcome = eapol_test(network(alice), server.v4, mac, "-r", "1", between=between)
    finally:
        added.unlink()
        server.reload()
    assert outcome.success, outcome
    assert outcome.handshakes() == [False, True]
    accepts = [reply for reply in outcome.replies if reply.code == ACCESS_ACCEPT]
    assert [accept.one(TUNNEL_PRIVATE_GROUP_ID) for accept in accepts] == [b"120", b"110"]
    first, second = server.events(mac, 2)
    assert first.decision is not None
    assert second.decision is not None
    assert second.decision.generation > first.decision.generation
    assert second.decision.rule == "aa-office.policy:1"


def test_a_certificate_that_ended_since(
    server: Server, alice: Device, mac: str, eapol_test: EapolTest, tmp_path: Path
) -> None:
    """The clock is the world's own, so this one takes the seconds that the certificate lives."""
    end = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=4)
    issuer = certificates.built_in(server.home)
    device = certificates.device(issuer, alice, tmp_path / "device", not_after=end).moved(mac)

    def ended() -> None:
        until(lambda: time.time() > end.timestamp() + 1 or None, "the certificate has ended")

    outcome = eapol_test(network(device), server.v4, mac, "-r", "1", between=ended)
    refused_on_resumption(server, device, outcome, "certificate_expired")


def refused_on_resumption(server: Server, device: Device, outcome: Outcome, cause: str) -> None:
    """Accepted first, then refused although the TLS session itself was resumed."""
    assert not outcome.success
    assert [reply.code for reply in outcome.replies if reply.code in (ACCESS_ACCEPT, ACCESS_REJECT)] == [2, 3]
    first, second = server.events(device.mac, 2)
    assert (first.result, second.result) == ("accept", "reject")
    assert second.cause == cause
    assert second.tls is not None
    assert second.tls.resumed, "refused because the checks are made again, not because the session was not found"


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_session_stays_with_whom_it_was_made_for(
    server: Server, alice: Device, mac: str, nas: Nas, version: ssl.TLSVersion
) -> None:
    """Alice's session under another User-Name is still alice (RFC 9190 2.2: the identity is the certificate's)."""
    context = eap_peer.context(alice, version=version)
    first = Peer(nas, mac, alice.user, context)
    assert first.run().code == ACCESS_ACCEPT
    second = Peer(nas, mac, "the.boss@corp.example", context, session=first.tls.session)
    accept = second.run()
    assert accept.code == ACCESS_ACCEPT
    assert second.tls.session_reused
    assert accept.one(USER_NAME).decode() == alice.user
    event = server.events(mac, 2)[1]
    assert (event.user_name, event.identity_user) == ("the.boss@corp.example", alice.user)
    assert event.tls is not None
    assert event.tls.resumed
