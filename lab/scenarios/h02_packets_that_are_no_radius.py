"""A switch that was taken over sends packets whose lengths lie: each is counted and gets no answer."""

from __future__ import annotations

from lab.hostile.attacker import Attacker, goes_on
from lab.hostile.packets import PROXY_STATE, USER_NAME, attribute, bypass, request
from lab.scenarios.vocabulary import Campus


def play(campus: Campus) -> None:
    with Attacker(campus, "ber-3") as attacker:
        whole = request(bypass(attacker.mac), attacker.secret)
        attacker.is_discarded(
            {
                "an attribute of length 0": _with(attacker, 0),
                "an attribute of length 1": _with(attacker, 1),
                "an attribute that ends behind the packet": _with(attacker, 200),
                "a length of less than a header": request([], attacker.secret, length=19),
                "a length of more than there is": request([], attacker.secret, length=4000),
                "a length of more than RADIUS has": request([], attacker.secret, length=0xFFFF),
                "half a header": whole[:10],
                "one octet": whole[:1],
                "a packet that is cut off": whole[:-3],
            },
            "malformed_packet",
        )
    goes_on(campus)


def _with(attacker: Attacker, length: int) -> bytes:
    """A request of which the last attribute claims this length."""
    lying = attribute(PROXY_STATE, b"lies", length=length)
    return request([attribute(USER_NAME, b"nobody"), lying], attacker.secret)
