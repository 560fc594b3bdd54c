"""Somebody hostile at a place of the lab, and what must be so after each of their packets: silence and a counter that
says why, or an Access-Reject; and the server goes on.
"""

from __future__ import annotations

import contextlib
import secrets
import socket
import time
from collections.abc import Mapping, Sequence
from typing import Final

from scapy.layers.inet import IP, UDP
from scapy.layers.radius import RadiusAttribute
from scapy.packet import Raw

from lab.campus import namespace
from lab.campus.nac_home import until
from lab.campus.plan import NAC, SECRET_FILE, switch_named
from lab.hostile.packets import (
    ACCESS_CHALLENGE,
    EAP_MESSAGE,
    STATE,
    attribute,
    attributes_of,
    eap_message,
    request,
    station,
)
from lab.scenarios.record import ScenarioError
from lab.scenarios.vocabulary import Campus

PORT: Final = 1812
_PATIENCE_S: Final = 5.0
_SILENCE_S: Final = 0.3
_LARGEST: Final = 4096


class Attacker:
    """`at`: the switch that was taken over, whose secret is known; it speaks from its address."""

    def __init__(self, campus: Campus, at: str) -> None:
        self.campus = campus
        self.secret = (campus.lab.switch(at) / SECRET_FILE).read_bytes()
        self.mac = f"02:{secrets.token_bytes(5).hex(':')}"
        place = campus.lab.namespace(switch_named(at).name)
        self._line = namespace.inside(place, lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        self._line.bind((switch_named(at).address, 0))

    def __enter__(self) -> Attacker:
        return self

    def __exit__(self, *_: object) -> None:
        self._line.close()

    # --- sending ---

    def asks(self, octets: bytes) -> bytes:
        """Send a request; its reply. Raises `ScenarioError` when there is none."""
        self._line.settimeout(_PATIENCE_S)
        self._line.sendto(octets, (NAC, PORT))
        try:
            return self._line.recv(_LARGEST)
        except TimeoutError as error:
            raise ScenarioError("nac must answer, and does not") from error

    def converses(self, responses: Sequence[bytes], *, user: str = "nobody@corp.example") -> list[int]:
        """EAP responses, each with the State of the challenge before it, until the conversation is over; the codes of
        the replies. Identifiers are made to fit."""
        state: list[RadiusAttribute] = []
        codes, identifier = list[int](), None
        for response in responses:
            eap = response if identifier is None else response[:1] + bytes([identifier]) + response[2:]
            reply = self.asks(request([*station(self.mac, user), *eap_message(eap), *state], self.secret))
            codes.append(reply[0])
            if reply[0] != ACCESS_CHALLENGE:
                break
            said = dict(attributes_of(reply))
            state, identifier = [attribute(STATE, said[STATE])], said[EAP_MESSAGE][1]
        return codes

    # --- what must be so ---

    def is_discarded(self, packets: Mapping[str, bytes], reason: str) -> None:
        """Each gets no answer, and is counted under this reason."""
        for what, octets in packets.items():
            before = self._counted(reason)
            self._line.sendto(octets, (NAC, PORT))
            until(lambda before=before: True if self._counted(reason) > before else None, f"{reason} counts: {what}")  # type: ignore[misc]
            self.campus.must(self._counted(reason) == before + 1, f"{what}: discarded, {reason}")
        self.hears_nothing()

    def spoofs(self, packets: Mapping[str, bytes], source: str, reason: str) -> None:
        """The same from an address that is not its own; the campus routes it."""
        for what, octets in packets.items():
            before = self._counted(reason)
            datagram = bytes(IP(src=source, dst=NAC) / UDP(sport=49152, dport=PORT) / Raw(octets))
            namespace.inside(self.campus.lab.core, lambda datagram=datagram: _inject(datagram))  # type: ignore[misc]
            until(lambda before=before: True if self._counted(reason) > before else None, f"{reason} counts: {what}")  # type: ignore[misc]
            self.campus.must(self._counted(reason) == before + 1, f"{what}: discarded, {reason}")

    def hears_nothing(self) -> None:
        """No reply has come, and none comes."""
        self._line.settimeout(_SILENCE_S)
        with contextlib.suppress(TimeoutError):
            reply = self._line.recv(_LARGEST)
            raise ScenarioError(f"nac must be silent, and sends code {reply[0]}")
        self.campus.tell("nac says nothing to it", time.monotonic())

    def is_recorded(self, cause: str, *, times: int = 1) -> None:
        """The record has this many refusals of the attacker's address, all with this cause."""

        def causes() -> list[str] | None:
            found = [one["cause"] for one in self.campus.nac.json("auth", "list", "--mac", self.mac)]
            return found if len(found) >= times else None

        found = until(causes, f"nac records {cause} of {self.mac}")
        self.campus.must(found == [cause] * times, f"recorded {times} times: {cause}")

    def _counted(self, reason: str) -> int:
        status = self.campus.nac.status()
        if status is None:
            raise ScenarioError("nac must live, and does not")
        return int(status["counters"][f"discard.{reason}"])


def goes_on(campus: Campus) -> None:
    """An honest laptop signs in at once, and nothing broke inside."""
    status = campus.nac.status()
    campus.must(status is not None and status["counters"]["discard.internal"] == 0, "nothing went wrong inside nac")
    laptop = campus.laptop("devops")
    campus.takes_over()
    laptop.plugs_into("ber-1").signs_in().reaches("deployment")
    laptop.leaves()


def _inject(datagram: bytes) -> None:
    """An IP packet as it is, source and all."""
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as raw:
        raw.sendto(datagram, (NAC, 0))
