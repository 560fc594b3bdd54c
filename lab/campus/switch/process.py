"""The switch as one process and one loop: everything that a packet, a frame, hostapd or the lab makes it do."""

from __future__ import annotations

import contextlib
import json
import selectors
import socket
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from pyrad.packet import PacketError

from lab.campus import namespace
from lab.campus.error import LabError
from lab.campus.plan import NAC, PORTS, SwitchPlan
from lab.campus.switch import radius
from lab.campus.switch.authenticator import ACCOUNTING_PORT, RELAY_PORT, Authenticator
from lab.campus.switch.bypass import Bypass
from lab.campus.switch.dynamic_authorization import PORT as DYNAMIC_PORT
from lab.campus.switch.dynamic_authorization import DynamicAuthorization
from lab.campus.switch.grant import Grant, read
from lab.campus.switch.port import Port, Session
from lab.campus.switch.relay import LARGEST, Relay, Uplink, attributes
from lab.nas.dialects.received import LoginRefusedError

_LONGEST_COMMAND: Final = 4096
_TICK_S: Final = 0.1
_UPDATE_S: Final = 0.1
"""How long after a CoA-ACK an Interim-Update tells that the change is in force."""

_START, _STOP, _INTERIM, _ON, _OFF = 1, 2, 3, 7, 8
"""Acct-Status-Type (RFC 2866 5.1)."""


@dataclass
class Plugged:
    """A port with a cable in it."""

    port: Port
    authenticator: Authenticator
    bypass: Bypass
    greets: str | None = None
    """Whom to ask once more, after the session was ended from here."""


class Switch:
    """`folder`: of its files. Runs in the switch's namespace."""

    def __init__(self, plan: SwitchPlan, folder: Path, secret: bytes) -> None:
        self._plan, self._folder, self._secret = plan, folder, secret
        self._plugged: dict[int, Plugged] = {}
        self._changed: dict[int, float] = {}
        self._selector = selectors.DefaultSelector()
        server = (NAC, RELAY_PORT)
        accounting = (NAC, ACCOUNTING_PORT)
        self._authentication = Relay(RELAY_PORT, plan.address, server, seen=self._answered, answer=lambda _: None)
        self._accounting = Relay(
            ACCOUNTING_PORT, plan.address, accounting, seen=lambda *_: None, answer=self._answered_here
        )
        self._own = self._udp(0)
        self._dynamic_socket = self._udp(DYNAMIC_PORT)
        self._dynamic = DynamicAuthorization(
            plan,
            secret,
            lambda: [one.port for one in self._plugged.values()],
            drop=self._drop,
            change=self._change,
            again=self._again,
        )
        self._watch(self._authentication.front, lambda: self._from_below(self._authentication))
        self._watch(self._accounting.front, lambda: self._from_below(self._accounting))
        self._watch(self._own, self._answered_bypass)
        self._watch(self._dynamic_socket, self._changed_by_server)
        self._watch(self._commands(), self._commanded)
        self._own.sendto(self._accounting_on(), accounting)

    def run(self) -> None:
        """Until the process is ended."""
        while True:
            for key, _ in self._selector.select(_TICK_S):
                if key.fileobj in self._selector.get_map():
                    key.data()
            self._tick()

    # --- the lab's commands: one JSON line asks, one answers ---

    def _commands(self) -> socket.socket:
        path = self._folder / "control.sock"
        path.unlink(missing_ok=True)
        self._command_socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._command_socket.bind(str(path))
        self._command_socket.listen()
        return self._command_socket

    def _commanded(self) -> None:
        connection, _ = self._command_socket.accept()
        with connection:
            connection.settimeout(1.0)
            asked = json.loads(connection.recv(_LONGEST_COMMAND))
            try:
                answer = {"ok": getattr(self, f"do_{asked['do']}")(**asked["with"])}
            except (LabError, OSError) as error:
                answer = {"error": str(error)}
            with contextlib.suppress(OSError):  # who asked went away
                connection.sendall(json.dumps(answer).encode())

    def do_plug(self, port: int) -> None:
        """A cable is in: guard the interface before it comes up, then let hostapd listen."""
        if port in self._plugged or not 1 <= port <= PORTS:
            raise LabError(f"port {port} of {self._plan.name} is taken or does not exist")
        new = Port(self._plan, port)
        new.close()
        namespace.command("ip", "link", "set", new.link, "up")
        bypass = Bypass.at(new.link)
        authenticator = Authenticator.start(self._plan, new.link, self._folder, self._secret.decode())
        self._plugged[port] = one = Plugged(new, authenticator, bypass)
        self._watch(bypass.frames, bypass.look)
        self._watch(authenticator.control, lambda: self._told_by_hostapd(one))

    def do_unplug(self, port: int) -> None:
        """The cable is out: hostapd ends its session and is gone."""
        one = self._plugged.get(port)
        if one is None:
            return
        if one.port.session is not None and one.port.session.method == "802.1X":
            one.authenticator.drop(one.port.session.mac)
        self._end(one.port)
        del self._plugged[port]
        for watched in (one.bypass.frames, one.authenticator.control):
            self._selector.unregister(watched)
        one.bypass.close()
        one.authenticator.stop()

    def do_greet(self, port: int, mac: str) -> None:
        """Ask who is there (EAP-Request/Identity), as a switch does when a link comes up."""
        self._plugged[port].authenticator.greet(mac)

    def do_again(self, port: int) -> None:
        """Make the host at a port authenticate once more."""
        self._again(self._plugged[port].port)

    def do_secret(self, secret: str) -> None:
        """Share another secret with the server, at every port that is plugged in from now on."""
        if self._plugged:
            raise LabError(f"somebody is plugged into {self._plan.name}; its secret changes when nobody is")
        self._secret = secret.encode()
        self._dynamic.secret = self._secret

    def do_ports(self) -> list[dict[str, Any]]:
        """Every plugged port with its session and the list in force."""
        return [self._told(one.port) for one in self._plugged.values()]

    def _told(self, port: Port) -> dict[str, Any]:
        session = port.session
        told = {"port": port.number, "address": port.address, "vlan": port.vlan, "refused": port.refused}
        if session is None:
            return {**told, "session": None, "list": port.listed()}
        shown = {key: value for key, value in asdict(session).items() if key not in ("grant", "class_", "ends_at")}
        return {**told, "session": shown, "list": port.listed()}

    # --- RADIUS ---

    def _from_below(self, relay: Relay) -> None:
        request, uplink, gone = relay.from_below()
        if gone is not None:
            self._forget(gone)
        if uplink.socket not in self._selector.get_map():
            self._watch(uplink.socket, lambda: relay.from_above(uplink))
        if request[0] == radius.ACCOUNTING_REQUEST:
            self._accounted(attributes(request, self._secret))

    def _forget(self, uplink: Uplink) -> None:
        self._selector.unregister(uplink.socket)
        uplink.socket.close()

    def _answered(self, request: bytes, reply: bytes) -> None:
        """A reply passes to hostapd: what it grants is in force before."""
        if reply[0] not in (radius.ACCESS_ACCEPT, radius.ACCESS_REJECT):
            return
        if not radius.is_verified(request, reply, self._secret):
            return
        asked = attributes(request, self._secret)
        one = self._plugged.get(int(str(asked["NAS-Port-Id"])[1:]))
        if one is None:
            return
        mac = str(asked["Calling-Station-Id"])
        if reply[0] == radius.ACCESS_REJECT:
            one.port.refused += 1
            self._end(one.port)
            return
        said = radius.parsed(reply, self._secret)
        user = radius.first(said, "User-Name") or str(asked["User-Name"])
        self._place(one.port, reply, Session(mac, user, "802.1X", Grant(None, []), class_=radius.first(said, "Class")))

    def _place(self, port: Port, reply: bytes, session: Session) -> None:
        """Open the port, or keep it closed when this switch cannot do what the answer says."""
        try:
            session.grant = read(self._plan.dialect, reply)
        except LoginRefusedError:
            self._end(port)
            return
        if port.session is not None and port.session.mac == session.mac:
            session.accounting, session.since = port.session.accounting, port.session.since
        port.open(session)

    def _accounted(self, told: dict[str, object]) -> None:
        """hostapd's own Accounting-Requests say which Acct-Session-Id a port has, and when its session is over."""
        one = self._plugged.get(int(str(told.get("NAS-Port-Id", "p0"))[1:]))
        if one is None or one.port.session is None:
            return
        if told.get("Acct-Status-Type") == _STOP:
            self._end(one.port)
        else:
            one.port.session.accounting = str(told["Acct-Session-Id"])

    def _answered_here(self, request: bytes) -> bytes | None:
        """hostapd runs for one port, and says Accounting-On and Off for it; to the server that is the whole switch."""
        told = radius.accounting(request, self._secret)
        if radius.first(told, "Acct-Status-Type") not in (_ON, _OFF):
            return None
        reply: bytes = told.CreateReply().ReplyPacket()
        return reply

    def _told_by_hostapd(self, one: Plugged) -> None:
        event = one.authenticator.control.event(0)
        if event is not None and event.startswith("AP-STA-DISCONNECTED") and one.port.session is not None:
            self._end(one.port)

    def _accounting_on(self) -> bytes:
        """This switch has just come up, and whatever sessions it had are over (RFC 2866 5.1)."""
        request = radius.accounting_request(
            self._secret,
            Acct_Status_Type=_ON,
            Acct_Session_Id="boot",
            NAS_IP_Address=self._plan.address,
            NAS_Identifier=self._plan.name,
        )
        octets: bytes = request.RequestPacket()
        return octets

    # --- MAC authentication bypass ---

    def _answered_bypass(self) -> None:
        try:
            reply = self._own.recv(LARGEST)
        except ConnectionRefusedError:
            return
        for one in self._plugged.values():
            request = one.bypass.request
            if request is None or len(reply) < 2 or reply[1] != request.id:
                continue
            with contextlib.suppress(PacketError):
                if radius.is_verified(request.raw_packet or request.RequestPacket(), reply, self._secret):
                    one.bypass.request = None
                    self._bypassed(one, reply)
                    return

    def _bypassed(self, one: Plugged, reply: bytes) -> None:
        assert one.bypass.mac is not None
        if reply[0] != radius.ACCESS_ACCEPT:
            one.port.refused += 1
            one.bypass.wait_again()
            return
        said = radius.parsed(reply, self._secret)
        user = one.bypass.mac.replace("-", "").lower()
        session = Session(
            one.bypass.mac, user, "MAB", Grant(None, []), one.bypass.identity, radius.first(said, "Class")
        )
        lasts = radius.first(said, "Session-Timeout")
        session.ends_at = time.monotonic() + lasts if lasts is not None else None
        self._place(one.port, reply, session)
        if one.port.session is not None:
            self._account(one.port, session, _START)

    def _account(self, port: Port, session: Session, status: int) -> None:
        request = radius.accounting_request(
            self._secret,
            Acct_Status_Type=status,
            Acct_Session_Id=session.accounting,
            User_Name=session.user,
            Class=session.class_,
            Calling_Station_Id=session.mac,
            NAS_IP_Address=self._plan.address,
            NAS_Identifier=self._plan.name,
            NAS_Port_Type=radius.ETHERNET,
            NAS_Port_Id=port.link,
            Acct_Session_Time=None if status == _START else int(time.time() - session.since),
            Event_Timestamp=int(time.time()),
        )
        self._own.sendto(request.RequestPacket(), (NAC, ACCOUNTING_PORT))

    # --- sessions ---

    def _changed_by_server(self) -> None:
        octets, source = self._dynamic_socket.recvfrom(LARGEST)
        reply = self._dynamic.answer(octets) if source[0] == NAC else None
        if reply is not None:
            self._dynamic_socket.sendto(reply, source)

    def _change(self, port: Port, grant: Grant, lasts: int | None) -> None:
        assert port.session is not None
        session = port.session
        session.grant = Grant(grant.vlan or session.grant.vlan, grant.rules)
        if lasts is not None:
            session.ends_at = time.monotonic() + lasts
        port.open(session)
        self._changed[port.number] = time.monotonic() + _UPDATE_S

    def _drop(self, port: Port) -> None:
        """The session is over; its host is asked who it is as soon as hostapd has forgotten it."""
        session = port.session
        self._end(port)
        if session is not None and session.method == "802.1X":
            one = self._plugged[port.number]
            one.authenticator.drop(session.mac)
            one.greets = session.mac

    def _again(self, port: Port) -> None:
        session = port.session
        if session is None:
            raise LabError(f"nobody is at port {port.number} of {self._plan.name}")
        if session.method == "MAB":
            self._ask(self._plugged[port.number])
        else:
            self._plugged[port.number].authenticator.again(session.mac)

    def _end(self, port: Port) -> None:
        session = port.session
        port.close()
        if session is not None and session.method == "MAB":
            self._account(port, session, _STOP)
            self._plugged[port.number].bypass.wait_again()

    def _tick(self) -> None:
        """What time brings: hosts that never spoke EAPOL, sessions that are over."""
        now = time.monotonic()
        for one in self._plugged.values():
            session = one.port.session
            if session is not None and session.ends_at is not None and session.ends_at <= now:
                self._drop(one.port)
            elif session is not None and self._changed.get(one.port.number, now) < now:
                del self._changed[one.port.number]
                self._account(one.port, session, _INTERIM)
            elif session is None and one.bypass.ask_at is not None and one.bypass.ask_at <= now:
                self._ask(one)
            if one.greets is not None and not one.authenticator.knows(one.greets):
                one.authenticator.greet(one.greets)
                one.greets = None
            while one.authenticator.control.has_events:
                self._told_by_hostapd(one)

    def _ask(self, one: Plugged) -> None:
        octets = one.bypass.ask(self._plan, one.port.link, self._secret)
        one.bypass.wait_again()
        self._own.sendto(octets, (NAC, RELAY_PORT))

    def _udp(self, port: int) -> socket.socket:
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        made.bind((self._plan.address, port))
        return made

    def _watch(self, what: Any, act: Callable[[], None]) -> None:
        self._selector.register(what, selectors.EVENT_READ, act)
