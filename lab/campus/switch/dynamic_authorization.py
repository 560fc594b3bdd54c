"""RFC 5176 at the switch: Disconnect and CoA for the session of one port.

Parsed and answered with pyrad. What is asked must be the server's, signed, fresh, and name one session; what a switch
cannot do is answered with the Error-Cause that says so.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Any, Final

from pyrad.packet import PacketError

from lab.campus.plan import SwitchPlan
from lab.campus.switch import radius
from lab.campus.switch.grant import Grant, changes, read
from lab.campus.switch.port import Port, Session
from lab.nas.dialects.received import LoginRefusedError

PORT: Final = 3799
_FRESH_S: Final = 300
"""RFC 5176 6.3: how far Event-Timestamp may be from now."""

_REMEMBERED: Final = 64

UNSUPPORTED_ATTRIBUTE: Final = 401
MISSING_ATTRIBUTE: Final = 402
NAS_MISMATCH: Final = 403
INVALID_VALUE: Final = 407
NO_SESSION: Final = 503

_SESSION: Final = frozenset({"User-Name", "Calling-Station-Id", "Acct-Session-Id", "NAS-Port-Id"})
_DEVICE: Final = frozenset({"NAS-IP-Address", "NAS-Identifier"})
_ALWAYS: Final = frozenset({"Message-Authenticator", "Event-Timestamp", "Proxy-State", "Class", "NAS-Port-Type"})
_PLACING: Final = frozenset(
    {
        "Filter-Id",
        "NAS-Filter-Rule",
        "Session-Timeout",
        "Termination-Action",
        "Tunnel-Type",
        "Tunnel-Medium-Type",
        "Tunnel-Private-Group-Id",
    }
)
_REAUTHENTICATE: Final = b"subscriber:command=reauthenticate"


class RefusedError(Exception):
    """The answer is a NAK with this Error-Cause."""

    def __init__(self, cause: int) -> None:
        super().__init__(cause)
        self.cause = cause


class DynamicAuthorization:
    """`drop` ends a port's session, `change` gives it another grant, `again` makes its host authenticate once more."""

    def __init__(
        self,
        switch: SwitchPlan,
        secret: bytes,
        ports: Callable[[], Iterable[Port]],
        *,
        drop: Callable[[Port], None],
        change: Callable[[Port, Grant, int | None], None],
        again: Callable[[Port], None],
    ) -> None:
        self._switch, self.secret, self._ports = switch, secret, ports
        self._drop, self._change, self._again = drop, change, again
        self._answered: OrderedDict[bytes, bytes] = OrderedDict()

    def answer(self, octets: bytes) -> bytes | None:
        """The reply to a request; None where RFC 5176 wants silence. A repeated request gets the same reply."""
        if octets in self._answered:
            return self._answered[octets]
        request = self._verified(octets)
        if request is None:
            return None
        reply = request.CreateReply()
        try:
            self._obey(request, octets)
        except RefusedError as refusal:
            reply.code = radius.COA_NAK if request.code == radius.COA_REQUEST else radius.DISCONNECT_NAK
            reply["Error-Cause"] = refusal.cause
        reply.add_message_authenticator()
        packed: bytes = reply.ReplyPacket()
        self._answered[octets] = packed
        if len(self._answered) > _REMEMBERED:
            self._answered.popitem(last=False)
        return packed

    def _verified(self, octets: bytes) -> Any:
        try:
            request = radius.dynamic(octets, self.secret)
        except PacketError:
            return None
        if request.code not in (radius.COA_REQUEST, radius.DISCONNECT_REQUEST) or not request.VerifyCoARequest():
            return None
        if request.message_authenticator and not request.verify_message_authenticator():
            return None
        at = radius.first(request, "Event-Timestamp")
        return request if at is None or abs(time.time() - at) <= _FRESH_S else None

    def _obey(self, request: Any, octets: bytes) -> None:
        names = {name if isinstance(name, str) else "vendor" for name in request.keys()}  # noqa: SIM118
        port = self._port(request, names)
        vendor = _SESSION | _DEVICE | _ALWAYS
        if request.code == radius.DISCONNECT_REQUEST:
            if names - vendor:
                raise RefusedError(UNSUPPORTED_ATTRIBUTE)
            self._drop(port)
        elif _REAUTHENTICATE in octets:
            self._again(port)
        elif names - vendor - _PLACING - {"vendor"}:
            raise RefusedError(UNSUPPORTED_ATTRIBUTE)
        elif not changes(octets):
            raise RefusedError(MISSING_ATTRIBUTE)
        else:
            try:
                grant = read(self._switch.dialect, octets)
            except LoginRefusedError as error:
                raise RefusedError(INVALID_VALUE) from error
            self._change(port, grant, radius.first(request, "Session-Timeout"))

    def _port(self, request: Any, names: set[str]) -> Port:
        """The one that all attributes of the request name (RFC 5176 3)."""
        own = {"NAS-IP-Address": self._switch.address, "NAS-Identifier": self._switch.name}
        if any(radius.first(request, name) not in (None, value) for name, value in own.items()):
            raise RefusedError(NAS_MISMATCH)
        if not names & _SESSION:
            raise RefusedError(MISSING_ATTRIBUTE)
        for port in self._ports():
            if port.session is not None and _is_meant(request, port, port.session):
                return port
        raise RefusedError(NO_SESSION)


def _is_meant(request: Any, port: Port, session: Session) -> bool:
    known = {
        "User-Name": session.user,
        "Calling-Station-Id": session.mac,
        "Acct-Session-Id": session.accounting,
        "NAS-Port-Id": port.link,
    }
    return all(radius.first(request, name) in (None, value) for name, value in known.items())
