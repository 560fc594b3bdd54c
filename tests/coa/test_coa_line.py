"""Where requests come from: the address that the configuration names, or what the route chooses."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from nac.coa.exchange import Datagram, Target
from nac.coa.line import Line
from nac.config.address import SourceAddress
from nac.errors import ConflictError

PATIENCE_S = 10.0
OWN = SourceAddress.parse("127.0.0.53")


@pytest.fixture
def switch() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as opened:
        opened.bind(("127.0.0.1", 0))
        opened.settimeout(PATIENCE_S)
        yield opened


@pytest.mark.parametrize(("source", "expected"), [((OWN,), OWN), ((), "127.0.0.1")])
def test_requests_come_from_there_and_answers_find_it(
    switch: socket.socket, source: tuple[SourceAddress, ...], expected: str
) -> None:
    target = Target(*switch.getsockname())
    with Line(source) as line:
        line.send([Datagram(target, b"asked")])
        octets, (address, port) = switch.recvfrom(100)
        assert (octets, address) == (b"asked", expected)
        switch.sendto(b"answered", (address, port))
        assert list(line.wait(PATIENCE_S)) == [(b"answered", target)]


def test_an_address_of_another_host_is_refused() -> None:
    with pytest.raises(ConflictError, match=r"cannot come from 192\.0\.2\.77") as caught:
        Line([SourceAddress.parse("192.0.2.77")])
    assert "[coa] source" in caught.value.fix
