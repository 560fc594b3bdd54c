"""Requests until they are answered: RFC 5080 2.2.1 in simulated time, paced, one identifier each."""

from __future__ import annotations

import pytest
from pyrad import dictionary, packet

from nac.clients.secret import SharedSecret
from nac.coa.exchange import Exchange, Pace, Peer, Retransmission, Target
from nac.coa.message import Code, Message, attribute

SECRET = SharedSecret(b"correct horse battery staple")
OLDER = SharedSecret(b"the secret of last year")
SWITCH = Target("192.0.2.1", 3799)
OTHER = Target("192.0.2.2", 3799)
PEER = Peer(SWITCH, (SECRET,))
MESSAGE = Message(Code.DISCONNECT_REQUEST, attribute(44, b"2A"), 1_900_000_000)
UNIX = 1_900_000_000


def exchange(pace: Pace | None = None, jitter: float = 0.0) -> Exchange:
    return Exchange(pace or Pace(), Retransmission(), lambda: jitter)


def ack(request: bytes, secret: SharedSecret = SECRET) -> bytes:
    reply = packet.CoAPacket(secret=secret.reveal(), dict=dictionary.Dictionary(), packet=request).CreateReply()
    return bytes(reply.ReplyPacket())


def times(line: Exchange, end: float) -> list[tuple[float, bytes]]:
    """When what is sent, without an answer, until `end`."""
    sent = []
    while (at := line.next_at()) is not None and at <= end:
        sent += [(at, one.octets) for one in line.poll(at).datagrams]
    return sent


@pytest.mark.parametrize(
    ("jitter", "expected"),
    [(0.0, [0, 2, 6, 14]), (0.1, [0, 2.2, 6.82, 16.522]), (-0.1, [0, 1.8, 5.22, 11.718, 24.0642])],
)
def test_rfc5080_2_2_1_the_same_octets_again_and_again(jitter: float, expected: list[float]) -> None:
    line = exchange(jitter=jitter)
    line.submit("a", PEER, MESSAGE, 0)
    sent = times(line, 100)
    assert [at for at, _ in sent] == pytest.approx(expected)
    assert len({octets for _, octets in sent}) == 1, "RFC 5176 2.3: identifier, authenticator and timestamp stay"
    assert line.next_at() is None


def test_silence_is_told_once_at_the_end() -> None:
    line = exchange()
    line.submit("a", PEER, MESSAGE, 0)
    assert line.poll(0).sent == ["a"]
    told = []
    while (at := line.next_at()) is not None:
        told += [(at, ticket) for ticket in line.poll(at).silent]
    assert told == [(30, "a")]


def test_an_answer_ends_it_also_after_a_retransmission() -> None:
    line = exchange()
    line.submit("a", PEER, MESSAGE, 0)
    (first,) = line.poll(0).datagrams
    (second,) = line.poll(2).datagrams
    answered = line.receive(ack(second.octets), SWITCH, 2.1, unix=UNIX)
    assert answered is not None
    assert answered[0] == "a"
    assert answered[1].acknowledged
    assert times(line, 100) == []
    assert line.receive(ack(first.octets), SWITCH, 2.2, unix=UNIX) is None, "the answer to the first one is late"
    assert line.dropped == {"unexpected": 1}


def test_answers_of_others_are_dropped_and_waiting_goes_on() -> None:
    line = exchange()
    line.submit("a", PEER, MESSAGE, 0)
    (sent,) = line.poll(0).datagrams
    for octets, source in (
        (ack(sent.octets, OLDER), SWITCH),
        (ack(sent.octets), OTHER),
        (b"", SWITCH),
        (b"\x29", SWITCH),
    ):
        assert line.receive(octets, source, 0.1, unix=UNIX) is None
    assert line.dropped == {"response_authenticator": 1, "unexpected": 3}
    assert line.receive(ack(sent.octets), SWITCH, 0.2, unix=UNIX) is not None


def test_pace_and_room_of_each_switch() -> None:
    line = exchange(Pace(per_second=10, in_flight=3))
    for number in range(9):
        line.submit(f"slow-{number}", PEER, MESSAGE, 0)
    line.submit("elsewhere", Peer(OTHER, (SECRET,)), MESSAGE, 0)
    first = line.poll(0)
    assert sorted(first.sent) == ["elsewhere", "slow-0", "slow-1", "slow-2"], "three may wait, and go at once"
    waiting = [one.octets for one in first.datagrams if one.target == SWITCH]
    sent = []
    for step in range(1, 100):
        now = step / 100
        if waiting:
            assert line.receive(ack(waiting.pop(0)), SWITCH, now, unix=UNIX) is not None
        progress = line.poll(now)
        sent += [(now, ticket) for ticket in progress.sent]
        waiting += [one.octets for one in progress.datagrams]
    assert [ticket for _, ticket in sent] == [f"slow-{number}" for number in range(3, 9)]
    assert [now for now, _ in sent] == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5, 0.6], abs=0.011), "ten a second"


def test_identifiers_differ_while_requests_wait() -> None:
    line = exchange(Pace(per_second=1e6, in_flight=256))
    for number in range(300):
        line.submit(str(number), PEER, MESSAGE, 0)
    sent = [one.octets for at in range(1000) for one in line.poll(at / 1000).datagrams]
    assert len(sent) == 256
    assert {octets[1] for octets in sent} == set(range(256))
    assert line.receive(ack(sent[17]), SWITCH, 1.0, unix=UNIX) is not None
    (again,) = line.poll(1.01).datagrams
    assert again.octets[1] == sent[17][1]


def test_the_older_secret_is_tried_while_two_are_live() -> None:
    line = exchange()
    line.submit("a", Peer(SWITCH, (SECRET, OLDER)), MESSAGE, 0)
    assert line.poll(0).sent == ["a"]
    for at in (2, 6, 14):
        line.poll(at)
    turned = line.poll(30)
    assert turned.silent == []
    assert turned.sent == [], "it was sent before, in a way"
    (sent,) = turned.datagrams
    assert line.receive(ack(sent.octets, SECRET), SWITCH, 31, unix=UNIX) is None
    answered = line.receive(ack(sent.octets, OLDER), SWITCH, 31, unix=UNIX)
    assert answered is not None
    assert answered[0] == "a"


def test_what_is_cancelled_leaves_its_place() -> None:
    line = exchange(Pace(per_second=1e6, in_flight=1))
    for ticket in ("a", "b", "c"):
        line.submit(ticket, PEER, MESSAGE, 0)
    assert line.poll(0).sent == ["a"]
    line.cancel("b", 0.1)
    line.cancel("a", 0.1)
    assert line.poll(0.1).sent == ["c"]
    line.cancel("nobody", 0.1)
    assert times(line, 1) == []
