"""A simulated switch that takes changes of authorization (RFC 5176): real UDP, and a port behind each session whose
device logs in again through the server, so that what a request brings about can be seen there.

A duplicate is answered as the first time (RFC 5176 2.3). Faults are set from outside, in `Faults`.
"""

from __future__ import annotations

import contextlib
import itertools
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

from lab.nas import radius
from lab.nas.makes import Make, kind_of, text_of
from lab.nas.radius import Attributes

Address = tuple[str, int]

SESSION_CONTEXT_NOT_FOUND: Final = 503
ADMIN_RESET: Final = 6
"""Acct-Terminate-Cause (RFC 2866 5.10)."""

IDENTITY: Final = ((radius.NAS_IP_ADDRESS, bytes([192, 0, 2, 1])), (radius.NAS_IDENTIFIER, b"lab-switch"))
"""What the switch calls itself."""

_LARGEST: Final = 4096
_REMEMBERED: Final = 64
_ANSWER_S: Final = 5.0
_RESEND_S: Final = 0.5
_PATIENCE_S: Final = 30.0
_START, _STOP, _INTERIM = 1, 2, 3


@dataclass
class Faults:
    """`lose`: requests that do not arrive. `lose_answers`: answers that do not. `nak`: Error-Cause of every answer.
    `idle`: ACKs without effect. `forge`: a wrong answer before each right one. `deaf`: nothing arrives."""

    lose: int = 0
    lose_answers: int = 0
    nak: int | None = None
    idle: bool = False
    forge: bool = False
    deaf: bool = False


@dataclass
class Port:
    """A session at the switch. `login`: lets the device log in once more; whether it was accepted."""

    mac: str
    acct_session_id: str
    login: Callable[[], bool]
    audit_session_id: str | None = None
    attributes: Attributes = ()

    def is_meant(self, attributes: Attributes) -> bool:
        """Whether everything that names a session in a request names this one."""
        names = {
            radius.CALLING_STATION_ID: self.mac,
            radius.ACCT_SESSION_ID: self.acct_session_id,
        }
        for one in attributes:
            kind = kind_of(one)
            if isinstance(kind, int) and kind in names and text_of(one) != names[kind]:
                return False
            audit = kind == (9, 1) and text_of(one).startswith("audit-session-id=")
            if audit and text_of(one) != f"audit-session-id={self.audit_session_id}":
                return False
        return True


@dataclass(frozen=True)
class Received:
    """A request as it came: `octets`, from which address, its attributes, and when (Unix microseconds)."""

    octets: bytes
    source: Address
    attributes: Attributes
    at: int

    @property
    def code(self) -> int:
        return self.octets[0]


class Enforcement(Protocol):
    """What the switch does to the traffic of a port, by the device's address (`lab.nas.hardware`)."""

    def refuses(self, mac: str, attributes: Attributes) -> int | None:
        """The Error-Cause with which it refuses to change to these; None when it can."""

    def change(self, mac: str, attributes: Attributes) -> None:
        """These from now on, in place of those that they replace."""

    def end(self, mac: str) -> None:
        """Nothing passes any more."""


@dataclass
class Das:
    """`address`: where it takes requests. `accounting`: the server's address for accounting, None for a switch that
    does none. `source`: its own address. `received`: everything that arrived, repetitions included. `enforcement`: None
    where nobody looks."""

    make: Make
    secret: bytes
    accounting: Address | None = None
    source: str = "127.0.0.1"
    faults: Faults = field(default_factory=Faults)
    ports: list[Port] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)
    address: Address = ("", 0)
    enforcement: Enforcement | None = None
    _answers: dict[bytes, bytes] = field(default_factory=dict)
    _due: list[tuple[Received, Port]] = field(default_factory=list)
    _identifiers: Iterator[int] = field(default_factory=lambda: itertools.cycle(range(256)))

    def plug_in(self, port: Port) -> None:
        """A device logs in for the first time. Raises `AssertionError` when it is not accepted."""
        assert port.login(), f"{port.mac} is not accepted"
        self.begin(port)

    def begin(self, port: Port) -> None:
        """The session of a device that was let in."""
        self.ports.append(port)
        self.account(port, _START)

    def interim(self, port: Port) -> None:
        """An Interim-Update of a session."""
        self.account(port, _INTERIM)

    def account(self, port: Port, status: int, *more: tuple[int, bytes]) -> None:
        """One Accounting-Request, its time in whole seconds, sent until it is answered. Raises `TimeoutError`."""
        if self.accounting is None:
            return
        attributes = [
            *IDENTITY,
            (radius.ACCT_STATUS_TYPE, status.to_bytes(4, "big")),
            (radius.ACCT_SESSION_ID, port.acct_session_id.encode()),
            (radius.CALLING_STATION_ID, port.mac.encode()),
            (radius.EVENT_TIMESTAMP, int(time.time()).to_bytes(4, "big")),
            *more,
        ]
        request = radius.accounting_request(attributes, next(self._identifiers), self.secret)
        give_up = time.monotonic() + _PATIENCE_S
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
            line.bind((self.source, 0))
            line.settimeout(_RESEND_S)
            while time.monotonic() < give_up:
                with contextlib.suppress(TimeoutError):
                    line.sendto(request, self.accounting)
                    if radius.is_answer(line.recv(_LARGEST), request, self.secret):
                        return
        raise TimeoutError("accounting is not answered")

    def _answer(self, octets: bytes, source: Address) -> bytes | None:
        """What is sent back; None for silence. What it will bring about is due then."""
        if not radius.is_authentic_request(octets, self.secret):
            return None
        request = Received(octets, source, radius.decode(octets), time.time_ns() // 1000)
        self.received.append(request)
        if octets in self._answers:
            return self._answers[octets]
        cause, port = self._judge(request)
        code = octets[0] + (1 if cause is None else 2)
        attributes = [] if cause is None else [(radius.ERROR_CAUSE, cause.to_bytes(4, "big"))]
        reply = radius.answer(octets, code, attributes, self.secret)
        self._answers[octets] = reply
        while len(self._answers) > _REMEMBERED:
            del self._answers[next(iter(self._answers))]
        if cause is None and port is not None and not self.faults.idle:
            self._due.append((request, port))
        return reply

    def _judge(self, request: Received) -> tuple[int | None, Port | None]:
        if self.faults.nak is not None:
            return self.faults.nak, None
        cause = self.make.refuses(request.attributes, disconnect=request.code == radius.DISCONNECT_REQUEST)
        if cause is not None:
            return cause, None
        station = next((text_of(one) for one in request.attributes if one[0] == radius.CALLING_STATION_ID), None)
        alike = [port for port in self.ports if station in {None, port.mac}]
        port = next((port for port in alike if port.is_meant(request.attributes)), None)
        if port is None:
            return SESSION_CONTEXT_NOT_FOUND, None
        if self.enforcement is not None and self._asks(request) == "change":
            return self.enforcement.refuses(port.mac, self._changed(request)), port
        return None, port

    def _asks(self, request: Received) -> str | None:
        return "disconnect" if request.code == radius.DISCONNECT_REQUEST else self.make.effect(request.attributes)

    def _changed(self, request: Received) -> Attributes:
        return [one for one in request.attributes if kind_of(one) in self.make.changeable]

    def _effect(self, request: Received, port: Port) -> None:
        """What the request does to the port. A device that was put off tries again at once."""
        effect = self._asks(request)
        if effect == "change":
            port.attributes = self._changed(request)
            if self.enforcement is not None:
                self.enforcement.change(port.mac, port.attributes)
            self.interim(port)
            return
        if effect == "reauthenticate":
            if not port.login():
                self._end(port)
            return
        self._end(port)
        again = replace(port, acct_session_id=f"{port.acct_session_id}+", attributes=())
        if again.login():
            self.begin(again)

    def _end(self, port: Port) -> None:
        self.ports.remove(port)
        if self.enforcement is not None:
            self.enforcement.end(port.mac)
        self.account(port, _STOP, (radius.ACCT_TERMINATE_CAUSE, ADMIN_RESET.to_bytes(4, "big")))

    def _serve(self, line: socket.socket) -> None:
        while True:
            octets, source = line.recvfrom(_LARGEST)
            if not octets:
                return
            if self.faults.deaf or self.faults.lose > 0:
                self.faults.lose -= 1
                continue
            reply = self._answer(octets, source)
            if reply is None:
                continue
            if self.faults.forge:
                line.sendto(radius.answer(octets, reply[0], [], b"not " + self.secret), source)
            if self.faults.lose_answers > 0:
                self.faults.lose_answers -= 1
            else:
                line.sendto(reply, source)
            while self._due:
                threading.Thread(target=self._effect, args=self._due.pop(), name="das-effect").start()


@contextmanager
def serving(das: Das) -> Iterator[Das]:
    """Takes requests for the time of a `with` block, on a port of the kernel's choice."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.bind((das.source, 0))
        das.address = line.getsockname()
        thread = threading.Thread(target=das._serve, args=(line,), name="das")
        thread.start()
        try:
            yield das
        finally:
            line.sendto(b"", das.address)
            thread.join()
            for effect in [one for one in threading.enumerate() if one.name == "das-effect"]:
                effect.join()


def mab_login(server: Address, secret: bytes, mac: str, *more: tuple[int, bytes], source: str = "127.0.0.1") -> bool:
    """MAC authentication as a switch does it for a silent device; whether it was accepted. Raises `TimeoutError`."""
    return ask(server, secret, mab(mac, *more), source=source)[0] == radius.ACCESS_ACCEPT


def mab(mac: str, *more: tuple[int, bytes]) -> Attributes:
    """What a switch says of a device that is silent."""
    return [
        *IDENTITY,
        *more,
        (radius.USER_NAME, mac.replace("-", "").lower().encode()),
        (radius.SERVICE_TYPE, (10).to_bytes(4, "big")),
        (radius.NAS_PORT_TYPE, (15).to_bytes(4, "big")),
        (radius.CALLING_STATION_ID, mac.encode()),
    ]


def ask(server: Address, secret: bytes, attributes: Attributes, *, source: str = "127.0.0.1") -> bytes:
    """The server's answer to an Access-Request from `source`. Raises `TimeoutError`."""
    request = radius.access_request(attributes, 1, secret)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.bind((source, 0))
        line.settimeout(_ANSWER_S)
        line.sendto(request, server)
        while True:
            reply = line.recv(_LARGEST)
            if radius.is_answer(reply, request, secret):
                return reply
