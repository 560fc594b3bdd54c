"""What switches do besides EAP: MAC bypass, passwords, Status-Server, proxies, retransmissions, several addresses."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from lab_home import SECRET
from nac_server import Server, until
from nas import (
    ACCESS_ACCEPT,
    ACCESS_CHALLENGE,
    ACCESS_REJECT,
    CLASS,
    EAP_MESSAGE,
    MESSAGE_AUTHENTICATOR,
    PROXY_STATE,
    SESSION_TIMEOUT,
    STATUS_SERVER,
    TUNNEL_PRIVATE_GROUP_ID,
    USER_NAME,
    USER_PASSWORD,
    Address,
    Nas,
    mab,
)
from pyrad import dictionary, packet
from pyrad.client import Client, Timeout

DICTIONARY = Path(__file__).parent / "pyrad.dictionary"
PRINTERS_VLAN = b"40"
MINUTE_S = 60


def radclient(
    server: Address, command: str, attributes: str, *, source: str = "127.0.0.1", secret: bytes = SECRET
) -> tuple[int, str]:
    """FreeRADIUS's client; its exit code and what it says of the packets."""
    text = f"Packet-Src-IP-Address = {source}, Message-Authenticator = 0x00, NAS-IP-Address = 192.0.2.1\n{attributes}\n"
    address = f"{server[0]}:{server[1]}"
    done = subprocess.run(
        ["radclient", "-x", "-t", "5", "-r", "1", address, command, secret.decode()],
        input=text,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_radclient_mab_accept(server: Server) -> None:
    printer = server.home.add_printer()
    server.reload()
    plain = printer.replace(":", "")
    code, said = radclient(
        server.v4,
        "auth",
        f'User-Name = "{plain}"\nUser-Password = "{plain}"\nCalling-Station-Id = "{printer.upper()}"\n'
        "Service-Type = Call-Check\nNAS-Port-Type = Ethernet\n",
    )
    assert code == 0, said
    assert "Received Access-Accept" in said
    assert 'Tunnel-Private-Group-Id:0 = "40"' in said
    assert "Tunnel-Type:0 = VLAN" in said
    assert "Session-Timeout = 86400" in said
    assert 'NAS-Filter-Rule = "permit in tcp from any to 10.40.0.2 9100"' in said
    event = server.event(printer)
    assert (event.method, event.cause, event.nas.port_type) == ("mab", "ok", "Ethernet")
    assert event.decision is not None
    assert event.decision.segment == "printers"


def test_radclient_mab_reject(server: Server, mac: str) -> None:
    code, said = radclient(
        server.v4, "auth", f'User-Name = "{mac}"\nService-Type = Call-Check\nCalling-Station-Id = "{mac}"\n'
    )
    assert code == 1, said
    assert "Received Access-Reject" in said
    assert server.event(mac).cause == "unknown_mac"
    why = server.home.nac("why", mac)
    assert "nac device add" in why
    assert len(why.splitlines()) <= 10


@pytest.mark.parametrize("password", ['User-Password = "secret"', 'CHAP-Password = "secret"'], ids=["pap", "chap"])
def test_radclient_password_refused(server: Server, mac: str, password: str) -> None:
    code, said = radclient(server.v4, "auth", f'User-Name = "bob"\n{password}\nCalling-Station-Id = "{mac}"\n')
    assert code == 1, said
    event = server.event(mac)
    assert (event.result, event.cause, event.method) == ("reject", "password_method_refused", "none")


def test_radclient_status_server(server: Server) -> None:
    before = server.counter("status_server")
    code, said = radclient(server.v4, "status", "")
    assert code == 0, said
    assert "Received Access-Accept" in said
    assert server.counter("status_server") == before + 1


def test_status_server_says_nothing_more(nas: Nas) -> None:
    """RFC 5997 3: the answer carries nothing but its proof."""
    reply = nas.ask([], code=STATUS_SERVER)
    assert reply.code == ACCESS_ACCEPT
    assert [kind for kind, _ in reply.attributes] == [MESSAGE_AUTHENTICATOR]


def pyrad_client(server: Server) -> Client:
    client = Client(
        server.v4[0], authport=server.v4[1], secret=SECRET, dict=dictionary.Dictionary(str(DICTIONARY)), enforce_ma=True
    )
    client.retries, client.timeout = 1, 5
    return client


def test_pyrad_mab(server: Server) -> None:
    """pyrad checks Response Authenticator and Message-Authenticator for itself."""
    printer = server.home.add_printer()
    server.reload()
    client = pyrad_client(server)
    request = client.CreateAuthPacket(code=packet.AccessRequest, User_Name=printer, NAS_Identifier="pyrad")
    request["Service-Type"], request["NAS-Port-Type"] = "Call-Check-User", "Ethernet"
    request["Calling-Station-Id"] = printer
    request.add_message_authenticator()
    reply = client.SendPacket(request)
    assert reply.code == packet.AccessAccept
    assert reply["Session-Timeout"] == [86400]
    assert reply["Tunnel-Private-Group-Id"] == ["40"]
    assert server.event(printer).nas.identifier == "pyrad"


def test_pyrad_with_a_wrong_secret(server: Server) -> None:
    client = pyrad_client(server)
    client.secret, client.timeout = b"wrong", 0.2
    request = client.CreateAuthPacket(code=packet.AccessRequest, User_Name="bob", NAS_Identifier="pyrad")
    request.add_message_authenticator()
    with pytest.raises(Timeout):
        client.SendPacket(request)


def test_proxy_state_comes_back_in_order(server: Server, nas: Nas) -> None:
    """RFC 2865 5.33: every one, octet for octet, in the order they came."""
    printer = server.home.add_printer()
    server.reload()
    states = [b"first", bytes(range(250)), b"first", b"\0"]
    for address, code in ((printer, ACCESS_ACCEPT), (server.home.fresh_mac(), ACCESS_REJECT)):
        reply = nas.ask([*mab(address), *((PROXY_STATE, state) for state in states)])
        assert reply.code == code
        assert reply.all(PROXY_STATE) == states
    identity = b"\x02\x01\x00\x0a\x01alice"
    challenge = nas.ask([(USER_NAME, b"alice"), (EAP_MESSAGE, identity), *((PROXY_STATE, s) for s in states)])
    assert challenge.code == ACCESS_CHALLENGE
    assert challenge.all(PROXY_STATE) == states


def test_a_secret_is_rotated_while_everybody_keeps_working(server: Server) -> None:
    home = server.home
    printer = home.add_printer()
    server.reload()
    new_secret = b"the new secret of this switch"
    secret_file = home.folder / "rotated.secret"
    secret_file.write_bytes(new_secret)
    with (
        Nas(server.v4, secret=SECRET, source="127.0.4.1") as old,
        Nas(server.v4, secret=new_secret, source="127.0.4.1") as new,
    ):
        assert old.ask(mab(printer)).code == ACCESS_ACCEPT
        home.nac("client", "rotate-secret", "rotating", "--secret-file", str(secret_file))
        server.reload()
        before = server.status()["clients"]["rotating"]
        # Each reply is checked with the secret that its request was signed with.
        assert old.ask(mab(printer)).code == ACCESS_ACCEPT
        assert new.ask(mab(printer)).code == ACCESS_ACCEPT
        after = server.status()["clients"]["rotating"]
        assert after["second_secret"] == before["second_secret"] + 1
        home.nac("client", "rotate-secret", "rotating", "--finish")
        server.reload()
        assert new.ask(mab(printer)).code == ACCESS_ACCEPT
        old.send(old.request(mab(printer)))
        assert old.hears_nothing()
        assert server.status()["clients"]["rotating"]["bad_message_authenticator"] == 1


def test_observe_answers_and_counts(server: Server) -> None:
    """CVE-2024-3596: an old switch is served meanwhile, and `nac status` says how many such requests there were."""
    printer = server.home.add_printer()
    server.reload()
    with Nas(server.v4, secret=SECRET, source="127.0.2.1") as nas:
        with_password = [*mab(printer), (USER_PASSWORD, bytes(16))]
        request = nas.request(with_password, message_authenticator="absent")
        nas.send(request)
        assert nas.receive(request).code == ACCESS_ACCEPT
        assert server.status()["clients"]["observed"]["without_message_authenticator"] == 1
        assert nas.ask(mab(printer)).code == ACCESS_ACCEPT
        assert server.status()["clients"]["observed"]["without_message_authenticator"] == 1
        table = server.home.nac("status")
        row = next(line.split() for line in table.splitlines() if line.startswith("observed"))
        assert row[5] == "1", table
        # What an attacker could forge an answer for stays unanswered in this mode too.
        nas.send(nas.request([*with_password, (PROXY_STATE, b"x")], message_authenticator="absent"))
        assert nas.hears_nothing()
        until(lambda: server.discards("proxy_state_unprotected", "127.0.2.1") or None, "the discard is on record")


SILENCES = [
    ("absent", "missing_message_authenticator", "127.0.6.1"),
    ("wrong", "bad_message_authenticator", "127.0.6.2"),
]


@pytest.mark.parametrize(("proof", "reason", "source"), SILENCES)
def test_an_unproven_request_gets_no_answer(server: Server, mac: str, proof: str, reason: str, source: str) -> None:
    """Silence, a counter for each, and one event for all of them."""
    server.home.add_client(f"silent-{proof}", source)
    server.reload()
    before = server.counter(f"discard.{reason}")
    with Nas(server.v4, secret=SECRET, source=source) as nas:
        for _ in range(5):
            nas.send(nas.request(mab(mac), message_authenticator="absent" if proof == "absent" else "wrong"))
        until(lambda: server.counter(f"discard.{reason}") == before + 5 or None, "all five are counted")
        assert nas.hears_nothing()
        assert nas.ask([], code=STATUS_SERVER).code == ACCESS_ACCEPT
    (told,) = until(lambda: server.discards(reason, source) or None, "the discard is on record")
    assert (told.client, told.packets) == (f"silent-{proof}", 1)
    assert server.status()["clients"][f"silent-{proof}"]["discarded"] == 5
    why = server.home.nac("why", f"silent-{proof}", code=4)
    assert reason.replace("_", " ") in why.replace("_", " ")


def test_an_unknown_client_gets_no_answer(server: Server, mac: str) -> None:
    source = "127.9.9.9"
    before = server.counter("discard.unknown_client")
    with Nas(server.v4, secret=SECRET, source=source) as nas:
        for _ in range(3):
            nas.send(nas.request(mab(mac)))
        until(lambda: server.counter("discard.unknown_client") == before + 3 or None, "all three are counted")
        assert nas.hears_nothing()
    (told,) = until(lambda: server.discards("unknown_client", source) or None, "the discard is on record")
    assert (told.client, told.packets) == (None, 1)
    assert "nac client add" in server.home.nac("why", source, code=4)


def test_a_client_that_is_added_now_is_served_at_once(server: Server, mac: str) -> None:
    """No reload, no restart: the server notices by itself."""
    with Nas(server.v4, secret=SECRET, source="127.0.7.1") as nas:
        nas.send(nas.request([], code=STATUS_SERVER))
        assert nas.hears_nothing()
        server.home.add_client("new-switch", "127.0.7.0/24")
        until(lambda: "new-switch" in server.status()["clients"] or None, "the new client is taken over")
        assert nas.ask(mab(mac)).code == ACCESS_REJECT
    assert server.event(mac).client == "new-switch"


def test_a_device_that_is_added_now_is_known_at_once(server: Server, nas: Nas) -> None:
    before = server.status()["counters"]["facts.devices"]
    printer = server.home.add_printer()
    until(lambda: server.status()["counters"]["facts.devices"] > before or None, "the new device is taken over")
    assert nas.ask(mab(printer)).code == ACCESS_ACCEPT


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.2", "127.3.2.1"])
def test_the_address_that_was_asked_answers(server: Server, address: str) -> None:
    """RFC 2865 3, on a socket that is bound to all addresses; `Nas` refuses an answer from elsewhere."""
    with Nas((address, server.wildcard[1]), secret=SECRET) as nas:
        assert nas.ask([], code=STATUS_SERVER).code == ACCESS_ACCEPT


def test_ipv6(server: Server, mac: str) -> None:
    with Nas(server.v6, secret=SECRET, source="::1") as nas:
        assert nas.ask(mab(mac)).code == ACCESS_REJECT
    event = server.event(mac)
    assert (event.client, event.cause) == ("six", "unknown_mac")


def test_a_retransmission_gets_the_same_octets(server: Server, nas: Nas) -> None:
    """RFC 5080 2.2.2: the answer is kept, the decision is not made twice."""
    printer = server.home.add_printer()
    server.reload()
    before = server.counter("duplicates")
    request = nas.request(mab(printer))
    replies = []
    for _ in range(4):
        nas.send(request)
        replies.append(nas.receive(request).octets)
    assert set(replies) == {replies[0]}
    assert server.counter("duplicates") == before + 3
    assert server.event(printer).id == nas.check(replies[0], request).one(CLASS).decode()


def test_the_same_identifier_with_another_authenticator_is_a_new_request(server: Server, nas: Nas) -> None:
    """RFC 5080 2.2.2: identifiers wrap after 256 requests; what differs in its authenticator is no retransmission."""
    printer = server.home.add_printer()
    server.reload()
    first = nas.request(mab(printer))
    nas.send(first)
    accept = nas.receive(first)
    for _ in range(255):
        nas.request([])
    again = nas.request(mab(printer))
    assert again[1] == first[1]
    nas.send(again)
    other = nas.receive(again)
    assert other.one(CLASS) != accept.one(CLASS)


def test_what_a_printer_gets_from_a_cisco_switch(server: Server) -> None:
    printer = server.home.add_printer()
    server.reload()
    with Nas(server.v4, secret=SECRET, source="127.0.3.1") as nas:
        reply = nas.ask(mab(printer))
    assert reply.one(TUNNEL_PRIVATE_GROUP_ID) == PRINTERS_VLAN
    assert reply.one(SESSION_TIMEOUT) == (24 * 60 * MINUTE_S).to_bytes(4, "big")
    lines = [value[6:] for kind, value in reply.attributes if kind == 26 and value[:5] == b"\0\0\0\x09\x01"]
    assert any(line.endswith(b"permit tcp any host 10.40.0.2 eq 9100") for line in lines)
