"""The lab's switch by itself: what passes before and after, and RFC 5176 with pyrad as the server's side."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from pyrad import packet

from lab.campus import namespace
from lab.campus.plan import NAC, SECRET_FILE, switch_named
from lab.campus.probe import ping
from lab.campus.state import Lab
from lab.campus.switch import radius
from lab.campus.switch.dynamic_authorization import PORT
from lab.scenarios.device import Device
from lab.scenarios.vocabulary import Campus

SILENCE_S = 0.3
PATIENCE_S = 5.0
SWITCH = switch_named("ber-1")


@pytest.fixture
def campus(campus_lab: Lab) -> Iterator[Campus]:
    made = Campus(campus_lab, f"test{secrets.token_hex(2)}")
    try:
        yield made
    finally:
        made.leave()


@pytest.fixture
def laptop(campus: Campus) -> Device:
    """An ML engineer's, signed in."""
    device = campus.laptop("ml-engineering")
    campus.takes_over()
    return device.plugs_into("ber-1").signs_in().reaches("training-cluster")


def asked(lab: Lab, code: int, *, secret: bytes | None = None, **attributes: Any) -> Any:
    """The switch's answer to a request from nac's address; None when it says nothing."""
    own = (lab.switch(SWITCH.name) / SECRET_FILE).read_bytes()
    request = packet.CoAPacket(code=code, secret=secret or own, dict=radius.DICTIONARY, message_authenticator=True)
    for name, value in attributes.items():
        request[name.replace("_", "-")] = value

    def exchange() -> bytes | None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.bind((NAC, 0))
            sender.settimeout(PATIENCE_S if secret is None else SILENCE_S)
            sender.sendto(request.RequestPacket(), (SWITCH.address, PORT))
            try:
                return sender.recv(4096)
            except TimeoutError:
                return None

    octets = namespace.inside(lab.namespace("nac"), exchange)
    if octets is None:
        return None
    reply = request.CreateReply(packet=octets)
    assert request.VerifyReply(reply, octets)
    return reply


def calling(device: Device) -> str:
    return device.mac.replace(":", "-").upper()


def test_rfc5176_coa_changes_what_passes(campus_lab: Lab, laptop: Device) -> None:
    rules = [b"permit in tcp from any to 10.23.0.10 443\0", b"deny in ip from any to any"]
    reply = asked(campus_lab, packet.CoARequest, Calling_Station_Id=calling(laptop), NAS_Filter_Rule=rules)
    assert reply.code == packet.CoAACK
    laptop.cannot_reach("training-cluster", "model-registry").reaches("tracking")
    assert laptop.host.seen()["vlan"] == 120, "what a CoA does not name stays"


def test_rfc5176_disconnect_closes_the_port(campus_lab: Lab, laptop: Device) -> None:
    session = laptop.host.seen()["session"]
    reply = asked(
        campus_lab, packet.DisconnectRequest, Acct_Session_Id=session["accounting"], User_Name=session["user"]
    )
    assert reply.code == packet.DisconnectACK
    laptop.is_out()


@pytest.mark.parametrize(
    ("attributes", "cause"),
    [
        ({"Calling_Station_Id": "00-00-5E-00-53-01"}, 503),
        ({"User_Name": "nobody@corp.example"}, 503),
        ({"NAS_Identifier": "ber-2", "Calling_Station_Id": "laptop"}, 403),
        ({"NAS_IP_Address": "10.1.1.2", "Calling_Station_Id": "laptop"}, 403),
        ({}, 402),
        ({"Calling_Station_Id": "laptop", "Reply_Message": "bye"}, 401),
    ],
)
def test_rfc5176_3_5_what_cannot_be_done_is_answered_with_its_cause(
    campus_lab: Lab, laptop: Device, attributes: dict[str, str], cause: int
) -> None:
    given = {name: calling(laptop) if value == "laptop" else value for name, value in attributes.items()}
    reply = asked(campus_lab, packet.DisconnectRequest, **given)
    assert (reply.code, reply["Error-Cause"]) == (packet.DisconnectNAK, [cause])
    laptop.reaches("training-cluster")


def test_a_list_that_it_cannot_read_changes_nothing(campus_lab: Lab, laptop: Device) -> None:
    asking = {"Calling_Station_Id": calling(laptop), "NAS_Filter_Rule": b"permit everything"}
    reply = asked(campus_lab, packet.CoARequest, **asking)
    assert (reply.code, reply["Error-Cause"]) == (packet.CoANAK, [407])
    laptop.reaches("training-cluster")


def test_a_request_with_another_secret_is_not_answered(campus_lab: Lab, laptop: Device) -> None:
    given = {"Calling_Station_Id": calling(laptop)}
    assert asked(campus_lab, packet.DisconnectRequest, secret=b"not the secret at all", **given) is None
    laptop.reaches("training-cluster")


def test_another_address_at_an_open_port_gets_nothing(laptop: Device) -> None:
    """Somebody puts a box between, with an address of its own."""
    namespace.batch(["link set eth0 address 02:00:5e:99:99:99"], laptop.host.place)
    laptop.cannot_reach("training-cluster", "internet")


def test_a_port_without_a_session_passes_no_ping(campus: Campus) -> None:
    device = campus.laptop("ml-engineering").plugs_into("ber-1")
    assert not ping(device.host.place, SWITCH.gateway)


def test_logging_off_closes_the_port(laptop: Device) -> None:
    assert laptop.host.supplicant is not None
    laptop.host.supplicant.logoff()
    laptop.is_out()
