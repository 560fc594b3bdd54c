"""The packets of RFC 5176, with pyrad and scapy as the other implementations."""

from __future__ import annotations

import hashlib

import pytest
from pyrad import dictionary, packet
from scapy.layers.radius import Radius

from nac.clients.secret import SharedSecret
from nac.coa.message import WINDOW_S, AnswerError, Code, Message, attribute, read_answer, sign

SECRET = SharedSecret(b"correct horse battery staple")
OTHER = SharedSecret(b"incorrect horse")
NOW = 1_900_000_000
DISCONNECT = Message(Code.DISCONNECT_REQUEST, attribute(31, b"00-11-22-33-44-55") + attribute(44, b"2A"), NOW)
COA = Message(Code.COA_REQUEST, attribute(31, b"00-11-22-33-44-55") + attribute(11, b"office.in"), NOW)
CODES = {
    Code.DISCONNECT_REQUEST: (packet.DisconnectACK, packet.DisconnectNAK),
    Code.COA_REQUEST: (packet.CoAACK, packet.CoANAK),
}


def received(octets: bytes, secret: SharedSecret = SECRET) -> packet.CoAPacket:
    return packet.CoAPacket(secret=secret.reveal(), dict=dictionary.Dictionary(), packet=octets)


@pytest.mark.parametrize("message", [DISCONNECT, COA])
def test_rfc5176_2_3_pyrad_verifies_a_request(message: Message) -> None:
    octets = sign(message, 7, SECRET)
    asked = received(octets)
    assert (asked.code, asked.id) == (message.code, 7)
    assert asked.VerifyCoARequest()
    assert asked.verify_message_authenticator()
    assert not received(octets, OTHER).VerifyCoARequest()
    assert asked[55] == [NOW.to_bytes(4, "big")], "RFC 5176 6.3"


def test_rfc5176_2_3_scapy_reads_a_request() -> None:
    octets = sign(COA, 200, SECRET)
    layer = Radius(octets)
    assert (layer.code, layer.id, layer.len) == (43, 200, len(octets))
    assert [one.type for one in layer.attributes] == [80, 31, 11, 55]
    assert layer.authenticator == hashlib.md5(octets[:4] + bytes(16) + octets[20:] + SECRET.reveal()).digest()  # noqa: S324


def test_without_a_timestamp_there_is_none() -> None:
    assert received(sign(Message(Code.COA_REQUEST, b"", None), 1, SECRET)).get(55) in (None, [])


def test_a_packet_has_at_most_4096_octets() -> None:
    one = attribute(26, bytes(253))
    assert len(sign(Message(Code.COA_REQUEST, one * 15, None), 0, SECRET)) <= 4096
    with pytest.raises(ValueError, match="4096"):
        sign(Message(Code.COA_REQUEST, one * 16, None), 0, SECRET)


def answer(request: bytes, *, nak: int | None = None, proof: bool = True, timestamp: int | None = None) -> bytes:
    """What pyrad answers."""
    asked = received(request)
    reply = asked.CreateReply()
    ack, refusal = CODES[Code(asked.code)]
    reply.code = ack if nak is None else refusal
    if nak is not None:
        reply[101] = [nak.to_bytes(4, "big")]
    if timestamp is not None:
        reply[55] = [timestamp.to_bytes(4, "big")]
    if proof:
        reply.add_message_authenticator()
    return bytes(reply.ReplyPacket())


@pytest.mark.parametrize("message", [DISCONNECT, COA])
@pytest.mark.parametrize("proof", [True, False])
@pytest.mark.parametrize("nak", [None, 401, 503])
def test_rfc5176_2_3_an_answer_of_pyrad(message: Message, proof: bool, nak: int | None) -> None:
    request = sign(message, 9, SECRET)
    found = read_answer(answer(request, nak=nak, proof=proof), request, SECRET, now=NOW)
    assert found.acknowledged == (nak is None)
    assert found.error_cause == nak


def flipped(octets: bytes, at: int) -> bytes:
    return octets[:at] + bytes([octets[at] ^ 1]) + octets[at + 1 :]


def resigned(octets: bytes, request: bytes) -> bytes:
    """With the Response Authenticator put right after a change."""
    digest = hashlib.md5(octets[:4] + request[4:20] + octets[20:] + SECRET.reveal()).digest()  # noqa: S324
    return octets[:4] + digest + octets[20:]


def test_what_is_no_answer() -> None:
    request = sign(DISCONNECT, 9, SECRET)
    good = answer(request, nak=503)
    proof_at = good.index(bytes([80, 18])) + 2
    late = answer(request, timestamp=NOW - WINDOW_S - 1)
    wrong = {
        "identifier": flipped(good, 1),
        "response_authenticator": flipped(good, 5),
        "message_authenticator": resigned(flipped(good, proof_at), request),
        "code": resigned(bytes([44]) + good[1:], request),
        "length": good[:19],
        "event_timestamp": late,
        "attributes": resigned(good[:2] + (21).to_bytes(2, "big") + good[4:20] + b"\x50", request),
    }
    for reason, octets in wrong.items():
        with pytest.raises(AnswerError) as caught:
            read_answer(octets, request, SECRET, now=NOW)
        assert caught.value.reason == reason
    assert read_answer(late, request, SECRET, now=NOW - WINDOW_S - 1).acknowledged
    with pytest.raises(AnswerError):
        read_answer(good, request, OTHER, now=NOW)


def test_a_cut_answer_is_none() -> None:
    request = sign(DISCONNECT, 9, SECRET)
    good = answer(request, nak=503)
    for end in range(len(good)):
        with pytest.raises(AnswerError):
            read_answer(good[:end], request, SECRET, now=NOW)
    assert read_answer(good + b"padding", request, SECRET, now=NOW).error_cause == 503
