"""MAC authentication bypass: for a host that sends frames and never EAPOL."""

from __future__ import annotations

import secrets
import socket
import time
from dataclasses import dataclass, field
from typing import Any, Final

from lab.campus.plan import SwitchPlan
from lab.campus.switch import radius

_ALL: Final = 0x0003
_EAPOL: Final = b"\x88\x8e"
_PATIENCE_S: Final = 3.0
"""How long a host may take to say its first EAPOL before its address is asked about."""

_AGAIN_S: Final = 10.0
"""After a refusal."""


@dataclass
class Bypass:
    """The eyes on one port. `mac`: who was seen there, in the form of IEEE 802 (`00-1B-77-00-00-01`)."""

    frames: socket.socket
    mac: str | None = None
    speaks_eapol: bool = False
    ask_at: float | None = None
    request: Any = None
    identity: str = field(default_factory=lambda: secrets.token_hex(8))
    """Acct-Session-Id of the session to come."""

    @classmethod
    def at(cls, link: str) -> Bypass:
        """Look at an interface of the namespace in which this process is."""
        frames = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ALL))
        frames.bind((link, 0))
        return cls(frames)

    def look(self) -> None:
        """Take note of one frame from the host."""
        frame, where = self.frames.recvfrom(64)
        if where[2] == socket.PACKET_OUTGOING or len(frame) < 14:
            return
        if frame[12:14] == _EAPOL:
            self.speaks_eapol, self.ask_at = True, None
        elif not self.speaks_eapol and self.ask_at is None:
            self.mac = "-".join(f"{octet:02X}" for octet in frame[6:12])
            self.ask_at = time.monotonic() + _PATIENCE_S

    def wait_again(self) -> None:
        """After a refusal, or no answer."""
        self.ask_at = time.monotonic() + _AGAIN_S

    def ask(self, switch: SwitchPlan, link: str, secret: bytes) -> bytes:
        """The Access-Request, as switches send it: Call-Check, the address as User-Name (RFC 2865 5.6)."""
        assert self.mac is not None
        self.ask_at = None
        self.request = radius.access_request(
            secret,
            User_Name=self.mac.replace("-", "").lower(),
            Service_Type=radius.CALL_CHECK,
            Calling_Station_Id=self.mac,
            NAS_IP_Address=switch.address,
            NAS_Identifier=switch.name,
            NAS_Port_Type=radius.ETHERNET,
            NAS_Port_Id=link,
        )
        octets: bytes = self.request.RequestPacket()
        return octets

    def close(self) -> None:
        """Look no longer."""
        self.frames.close()
