"""Who is refused, and what the administrator is told: the failing check, the evidence and the fix, in ten lines."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import certificates
import eap_peer
import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID
from eap_peer import Peer
from eapol import EapolTest, TlsVersion, network
from lab_home import Device, Home
from nac_server import Server
from nas import ACCESS_REJECT, CLASS, EAP_MESSAGE, MESSAGE_AUTHENTICATOR, TUNNEL_TYPE, Nas, Packet

from nac.events.types import AuthenticationEvent

EAP_FAILURE = 4
MOST_LINES = 10
DAY = timedelta(days=1)


def refused(server: Server, mac: str, reply: Packet, cause: str) -> AuthenticationEvent:
    """The device learns nothing but the refusal; the record has the cause."""
    assert reply.code == ACCESS_REJECT
    assert {kind for kind, _ in reply.attributes} <= {MESSAGE_AUTHENTICATOR, EAP_MESSAGE}
    assert reply.eap[0] == EAP_FAILURE
    assert (reply.all(TUNNEL_TYPE), reply.all(CLASS)) == ([], [])
    event = server.event(mac)
    assert (event.result, event.cause) == ("reject", cause)
    return event


def explained(home: Home, mac: str, check: str, *words: str) -> None:
    """`nac why` marks the failing check and says what to do."""
    said = home.nac("why", mac)
    lines = said.splitlines()
    assert len(lines) <= MOST_LINES, said
    (failing,) = (line for line in lines if line.startswith("FAIL"))
    assert failing.split()[1] == check, said
    assert any(line.split()[0] == "fix" for line in lines), said
    for word in words:
        assert word in said, said


@dataclass(frozen=True)
class Wrong:
    """A device that is alice's but for one thing, the cause that names it, and what `nac why` must say."""

    cause: str
    check: str
    words: tuple[str, ...]
    purpose: str = "client"
    begins: timedelta = -DAY
    ends: timedelta = DAY
    stranger: bool = False


WRONGS = [
    Wrong("certificate_expired", "certificate", ("expired at", "renew"), begins=-2 * DAY, ends=-DAY),
    Wrong("certificate_not_yet_valid", "certificate", ("valid only from", "clock"), begins=DAY, ends=2 * DAY),
    Wrong("certificate_wrong_purpose", "certificate", ("client authentication", "clientAuth"), purpose="server"),
    Wrong("unknown_ca", "certificate", ("does not lead to a trusted CA", "Somebody Else"), stranger=True),
]


@pytest.mark.parametrize("tls", ["1.2", "1.3"])
@pytest.mark.parametrize("wrong", WRONGS, ids=[wrong.cause for wrong in WRONGS])
def test_a_wrong_certificate(
    server: Server, alice: Device, mac: str, eapol_test: EapolTest, tmp_path: Path, wrong: Wrong, tls: TlsVersion
) -> None:
    issuer = certificates.authority("Somebody Else") if wrong.stranger else certificates.built_in(server.home)
    purpose = ExtendedKeyUsageOID.SERVER_AUTH if wrong.purpose == "server" else ExtendedKeyUsageOID.CLIENT_AUTH
    now = datetime.now(UTC)
    begin, end = now + wrong.begins, now + wrong.ends
    device = certificates.device(issuer, alice, tmp_path, purpose=purpose, not_before=begin, not_after=end)
    outcome = eapol_test(network(device, tls=tls), server.v4, mac)
    assert not outcome.success
    event = refused(server, mac, outcome.replies[-1], wrong.cause)
    assert event.certificate is not None, "the refused certificate is on record"
    assert int(event.certificate.serial, 16) == certificates.serial_of(device.chain)
    assert event.identity_user is None, "nobody was authenticated"
    assert event.fix
    explained(server.home, mac, wrong.check, *wrong.words)


@pytest.mark.parametrize("tls", ["1.2", "1.3"])
def test_a_revoked_certificate(server: Server, mac: str, eapol_test: EapolTest, tls: TlsVersion) -> None:
    device = server.home.enrol()
    server.home.nac("pki", "revoke", device.name)
    server.reload()
    outcome = eapol_test(network(device, tls=tls), server.v4, mac)
    refused(server, mac, outcome.replies[-1], "certificate_revoked")
    explained(server.home, mac, "certificate", "revocation list", "issue a new certificate")


@pytest.mark.parametrize("tls", ["1.2", "1.3"])
def test_a_device_that_does_not_trust_the_server(
    server: Server, alice: Device, mac: str, eapol_test: EapolTest, tmp_path: Path, tls: TlsVersion
) -> None:
    """Its alert arrives, and becomes words (RFC 5216 2.1.3)."""
    stranger = tmp_path / "stranger.pem"
    stranger.write_bytes(certificates.pem(certificates.authority("Somebody Else").certificate))
    outcome = eapol_test(network(replace(alice, ca=stranger), tls=tls), server.v4, mac)
    refused(server, mac, outcome.replies[-1], "client_alert_unknown_ca")
    explained(server.home, mac, "tls", "does not trust the CA of this server", "deploy the server's root CA")


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_no_client_certificate(server: Server, alice: Device, mac: str, nas: Nas, version: ssl.TLSVersion) -> None:
    context = eap_peer.context(alice, version=version, certificate=False)
    reply = Peer(nas, mac, alice.user, context).run()
    refused(server, mac, reply, "no_client_certificate")
    explained(server.home, mac, "tls", "without showing a certificate", "enrol the device")


METHODS = [("MD5", "MD5"), ("PEAP", "PEAP"), ("TTLS", "TTLS"), ("PWD", "52")]


@pytest.mark.parametrize(("method", "name"), METHODS, ids=[method for method, _ in METHODS])
def test_another_eap_method(
    server: Server, alice: Device, mac: str, eapol_test: EapolTest, method: str, name: str
) -> None:
    """The peer Naks EAP-TLS (RFC 3748 5.3.1) and asks for something that is not offered."""
    settings = {"eap": method, "password": '"secret"', "phase2": '"auth=MSCHAPV2"'}
    outcome = eapol_test(network(alice, settings=settings), server.v4, mac, "-n")
    event = refused(server, mac, outcome.replies[-1], "no_common_eap_method")
    assert name in event.detail.upper().replace("EAP-", "")
    explained(server.home, mac, "said", "configure EAP-TLS")


def test_tls_1_1(server: Server, alice: Device, mac: str, eapol_test: EapolTest) -> None:
    flags = "tls_disable_tlsv1_0=1 tls_disable_tlsv1_1=0 tls_disable_tlsv1_2=1 tls_disable_tlsv1_3=1"
    settings = {"phase1": f'"{flags}"', "openssl_ciphers": '"ALL:@SECLEVEL=0"'}
    outcome = eapol_test(network(alice, settings=settings), server.v4, mac)
    refused(server, mac, outcome.replies[-1], "tls_version_mismatch")
    explained(server.home, mac, "tls", "TLS version")


def test_tls_1_3_alone_where_the_client_is_capped(
    server: Server, alice: Device, mac: str, eapol_test: EapolTest
) -> None:
    outcome = eapol_test(network(alice, tls="1.3"), server.v4, mac, source="127.0.5.1")
    refused(server, mac, outcome.replies[-1], "tls_version_mismatch")


def test_a_user_whom_no_rule_places(server: Server, eapol_test: EapolTest) -> None:
    device = server.home.enrol(group="visitors")
    server.reload()
    outcome = eapol_test(network(device), server.v4, device.mac)
    event = refused(server, device.mac, outcome.replies[-1], "policy_default_deny")
    assert event.identity_user == device.user
    assert event.decision is not None
    assert event.decision.rule is None
    explained(server.home, device.mac, "policy", "no placement rule matched")


def test_a_user_who_is_not_on_record(server: Server, eapol_test: EapolTest) -> None:
    device = server.home.enrol()
    server.home.nac("user", "remove", device.user)
    server.reload()
    outcome = eapol_test(network(device), server.v4, device.mac)
    refused(server, device.mac, outcome.replies[-1], "policy_default_deny")
    explained(server.home, device.mac, "policy", f"user {device.user} (not on record)", "user.known=no")


def test_a_disabled_device(server: Server, eapol_test: EapolTest) -> None:
    device = server.home.enrol()
    server.home.nac("device", "disable", device.name)
    server.reload()
    outcome = eapol_test(network(device), server.v4, device.mac)
    refused(server, device.mac, outcome.replies[-1], "device_disabled")
    explained(server.home, device.mac, "identity", device.name, "nac device enable")


def test_the_device_is_told_why_by_an_alert(server: Server, alice: Device, mac: str, nas: Nas, tmp_path: Path) -> None:
    """RFC 5216 2.1.3: the TLS alert goes out in an EAP-Request before EAP-Failure."""
    now = datetime.now(UTC)
    issuer = certificates.built_in(server.home)
    device = certificates.device(issuer, alice, tmp_path, not_before=now - 2 * DAY, not_after=now - DAY)
    peer = Peer(nas, mac, alice.user, eap_peer.context(device, version=ssl.TLSVersion.TLSv1_2))
    reply = peer.run()
    assert peer.fault is not None
    assert peer.fault.reason == "SSLV3_ALERT_CERTIFICATE_EXPIRED"
    refused(server, mac, reply, "certificate_expired")
