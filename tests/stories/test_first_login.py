"""The main job: a device proves itself by certificate and is put where the policy says, with the right access list."""

from __future__ import annotations

from pathlib import Path

import certificates
import pytest
from eapol import EapolTest, TlsVersion, network
from lab_home import Device, Home
from nac_server import Server
from nas import (
    CLASS,
    EAP_KEY_NAME,
    NAS_FILTER_RULE,
    SESSION_TIMEOUT,
    TERMINATION_ACTION,
    TUNNEL_MEDIUM_TYPE,
    TUNNEL_PRIVATE_GROUP_ID,
    TUNNEL_TYPE,
    USER_NAME,
    VENDOR_SPECIFIC,
    Packet,
)

HOUR_S = 3600


def rules(accept: Packet) -> list[str]:
    """The rules as RFC 4849 2 reads them: all values joined, parted at NUL. Each attribute holds one."""
    values = accept.all(NAS_FILTER_RULE)
    found = b"".join(values).split(b"\0") if values else []
    assert len(found) == len(values)
    return [rule.decode() for rule in found]


def vlan(accept: Packet) -> str:
    """The VLAN of an accept, whose three attributes must stand there untagged (RFC 3580 3.31)."""
    assert accept.one(TUNNEL_TYPE) == bytes([0, 0, 0, 13])
    assert accept.one(TUNNEL_MEDIUM_TYPE) == bytes([0, 0, 0, 6])
    return accept.one(TUNNEL_PRIVATE_GROUP_ID).decode()


@pytest.mark.parametrize("tls", ["1.2", "1.3"])
def test_a_healthy_laptop_of_an_ml_engineer(
    server: Server, alice: Device, mac: str, eapol_test: EapolTest, tls: TlsVersion
) -> None:
    outcome = eapol_test(network(alice, tls=tls), server.v4, mac)
    assert outcome.success, outcome
    assert outcome.keys_match()
    assert outcome.handshakes() == [False]
    accept = outcome.accept
    assert vlan(accept) == "120"
    assert accept.one(SESSION_TIMEOUT) == (8 * HOUR_S).to_bytes(4, "big")
    assert accept.one(TERMINATION_ACTION) == bytes([0, 0, 0, 1])
    assert accept.one(USER_NAME).decode() == alice.user
    opened = rules(accept)
    assert "permit in tcp from any to 10.20.0.0/24 443" in opened, "the training cluster"
    assert "permit in tcp from any to 10.21.0.10/31 443" in opened, "the model registry"
    assert not any("10.22." in line for line in opened), "no data set"
    assert opened[-2:] == ["deny in ip from any to 0.0.0.0/0", "deny in ip from any to ::/0"], "nothing else"
    event = server.event(mac)
    assert (event.result, event.cause, event.method) == ("accept", "ok", "eap-tls")
    assert event.tls is not None
    assert (event.tls.version, event.tls.resumed) == (tls, False)
    assert (event.identity_user, event.identity_device) == (alice.user, alice.name)


def test_class_names_the_decision(server: Server, alice: Device, mac: str, eapol_test: EapolTest) -> None:
    """RFC 2865 5.25: the NAS returns Class in accounting, and it leads back to the decision."""
    outcome = eapol_test(network(alice), server.v4, mac)
    decision = outcome.accept.one(CLASS).decode()
    assert server.event(mac).id == decision
    shown = server.home.json("auth", "show", decision)
    assert shown["decision"]["segment"] == "ml-engineering"
    assert {"training-cluster", "model-registry"} <= set(shown["decision"]["grants"])


def test_what_is_recorded_is_what_was_sent(server: Server, alice: Device, mac: str, eapol_test: EapolTest) -> None:
    outcome = eapol_test(network(alice), server.v4, mac)
    reply = server.event(mac).reply
    assert reply is not None
    assert reply.code == "Access-Accept"
    recorded = [value for name, value in reply.attributes if name == "NAS-Filter-Rule"]
    assert recorded == rules(outcome.accept)
    assert len(reply.attributes) == len(outcome.accept.attributes)


PLACES = [
    ("ml-engineering", True, False, "66", "10.20."),
    ("ml-engineering", False, False, "90", "10.20."),
    ("data-science", True, True, "121", "10.20."),
    ("devops", True, True, "122", "10.21."),
    ("business", True, True, "110", "10.20."),
]


@pytest.mark.parametrize(("group", "managed", "healthy", "segment", "closed"), PLACES)
def test_others_get_less(
    server: Server, eapol_test: EapolTest, group: str, managed: bool, healthy: bool, segment: str, closed: str
) -> None:
    device = server.home.enrol(group=group, managed=managed, healthy=healthy)
    server.reload()
    outcome = eapol_test(network(device), server.v4, device.mac)
    assert vlan(outcome.accept) == segment
    assert not any(closed in line for line in rules(outcome.accept))


@pytest.mark.parametrize("key", ["p384", "ed25519", "rsa2048", "rsa4096"])
@pytest.mark.parametrize("tls", ["1.2", "1.3"])
def test_kinds_of_client_key(
    server: Server, devices_by_key: dict[str, Device], mac: str, eapol_test: EapolTest, key: str, tls: TlsVersion
) -> None:
    outcome = eapol_test(network(devices_by_key[key], tls=tls), server.v4, mac)
    assert outcome.success, outcome
    assert outcome.keys_match()
    shown = {"p384": "p-384", "ed25519": "ed25519", "rsa2048": "rsa-2048", "rsa4096": "rsa-4096"}
    assert server.event(mac).facts["certificate.key"] == shown[key]


@pytest.fixture(scope="module")
def devices_by_key(server: Server) -> dict[str, Device]:
    devices = {key: server.home.enrol(key=key) for key in ("p384", "ed25519", "rsa2048", "rsa4096")}
    server.reload()
    return devices


def test_a_device_that_knows_only_rsa(server: Server, alice: Device, mac: str, eapol_test: EapolTest) -> None:
    """The RSA twin of the server's certificate answers it."""
    ciphers = {"openssl_ciphers": '"ECDHE-RSA-AES256-GCM-SHA384"'}
    outcome = eapol_test(network(alice, tls="1.2", settings=ciphers), server.v4, mac)
    assert outcome.success, outcome
    tls = server.event(mac).tls
    assert tls is not None
    assert tls.cipher_suite == "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"


def test_an_enterprise_root_with_two_intermediates_and_rsa_4096(
    server: Server, alice: Device, mac: str, eapol_test: EapolTest, tmp_path: Path
) -> None:
    """An external CA, loaded through [trust] into the running server; the chain is more than 4 KiB."""
    root = certificates.authority("Enterprise Root", key=certificates.rsa4096())
    middle = certificates.authority("Enterprise Policy CA", root, key=certificates.rsa4096())
    issuing = certificates.authority("Enterprise Issuing CA", middle, key=certificates.rsa4096())
    device = certificates.device(issuing, alice, tmp_path / "device", key=certificates.rsa4096())
    trust(server.home, root, middle, issuing)
    server.reload()
    outcome = eapol_test(network(device), server.v4, mac)
    assert outcome.success, outcome
    assert outcome.keys_match()
    event = server.event(mac)
    assert event.identity_user == alice.user
    assert event.certificate is not None
    assert event.certificate.issuer == "CN=Enterprise Issuing CA"
    assert event.tls is not None
    assert event.tls.octets_in > 4096


def trust(home: Home, *issuers: certificates.Issuer) -> None:
    """Name an enterprise's root, what stands below it, and their lists in nac.toml."""
    folder = home.folder / "enterprise"
    folder.mkdir()
    for number, issuer in enumerate(issuers):
        (folder / f"{number}.crl").write_bytes(issuer.crl())
        (folder / f"{number}.pem").write_bytes(certificates.pem(issuer.certificate))
    home.configure(
        {
            "trust.roots": ["pki/root.pem", "enterprise/0.pem"],
            "trust.intermediates": ["pki/issuing.pem", "enterprise/1.pem", "enterprise/2.pem"],
            "trust.crls": ["pki/crl/*.crl", "enterprise/*.crl"],
        }
    )


def test_anonymous_outer_identity(server: Server, alice: Device, mac: str, eapol_test: EapolTest) -> None:
    """RFC 9190 2.1.4: only the realm is said in the clear; the certificate says who it is."""
    outcome = eapol_test(network(alice, settings={"identity": '"@corp.example"'}), server.v4, mac)
    assert outcome.success, outcome
    assert all(request.one(USER_NAME) == b"@corp.example" for request in outcome.requests)
    event = server.event(mac)
    assert (event.user_name, event.identity_user) == ("@corp.example", alice.user)


def test_eap_key_name_for_macsec(server: Server, alice: Device, mac: str, eapol_test: EapolTest) -> None:
    """RFC 4072 4.2: the EAP Session-Id, when the switch asks for it - and only then."""
    asked = eapol_test(network(alice), server.v4, mac, "-e")
    assert asked.success, asked
    assert asked.accept.one(EAP_KEY_NAME) == asked.hexdump("EAP: Session-Id")
    assert eapol_test(network(alice), server.v4, mac).accept.all(EAP_KEY_NAME) == []


def test_over_ipv6(server: Server, alice: Device, mac: str, eapol_test: EapolTest) -> None:
    outcome = eapol_test(network(alice), server.v6, mac, source="::1")
    assert outcome.success, outcome
    event = server.event(mac)
    assert event.client == "six"
    assert event.source.startswith("[::1]:")


def test_a_client_capped_to_tls_1_2(server: Server, alice: Device, mac: str, eapol_test: EapolTest) -> None:
    flags = "tls_disable_tlsv1_0=1 tls_disable_tlsv1_1=1 tls_disable_tlsv1_2=0 tls_disable_tlsv1_3=0"
    outcome = eapol_test(network(alice, settings={"phase1": f'"{flags}"'}), server.v4, mac, source="127.0.5.1")
    assert outcome.success, outcome
    tls = server.event(mac).tls
    assert tls is not None
    assert tls.version == "1.2"


def test_a_cisco_switch_gets_its_own_dialect(server: Server, alice: Device, mac: str, eapol_test: EapolTest) -> None:
    """A downloadable list as Cisco-AVPair (vendor 9, type 1), and no NAS-Filter-Rule."""
    outcome = eapol_test(network(alice), server.v4, mac, source="127.0.3.1")
    accept = outcome.accept
    assert vlan(accept) == "120"
    cisco = [value[6:].decode() for value in accept.all(VENDOR_SPECIFIC) if value[:5] == bytes([0, 0, 0, 9, 1])]
    lines = [line.partition("=")[2] for line in cisco]
    assert {line.partition("#")[0] for line in cisco} == {"ip:inacl", "ipv6:inacl"}
    assert "permit tcp any 10.20.0.0 0.0.0.255 eq 443" in lines
    assert cisco[-2].startswith("ip:inacl#")
    assert cisco[-1].startswith("ipv6:inacl#")
    assert lines[-2:] == ["deny ip any any", "deny ipv6 any any"], "nothing else"
    assert rules(accept) == []
