"""Somebody in the middle, between nac and the switches: replies are held back, and others are sent in their place."""

from __future__ import annotations

import selectors
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Ether
from scapy.packet import Raw

from lab.campus import namespace
from lab.campus.plan import NAC
from lab.scenarios.vocabulary import Campus

Forge = Callable[[bytes, bytes], bytes]
"""(request, its reply) -> what the switch gets in place of the reply."""

_ALL: Final = 0x0003
"""Every protocol, and what leaves too."""

_PORT: Final = 1812
_TABLE: Final = "nac_on_path"
_PAUSE_S: Final = 0.05
_HOLD: Final = f"""
table ip {_TABLE} {{
  chain replies {{ type filter hook forward priority 0; policy accept; ip saddr {NAC} udp sport {_PORT} drop; }}
}}
"""


@contextmanager
def replies_changed(campus: Campus, forge: Forge) -> Iterator[list[bytes]]:
    """While this lasts, no reply of nac reaches a switch; what `forge` makes of each does. Yields what was forged.

    Of replies in one IP packet: longer ones, which are fragmented, are lost.
    """
    core, forged, over = campus.lab.core, list[bytes](), threading.Event()
    namespace.command("ip", "netns", "exec", core, "nft", "-f", "-", text=_HOLD)
    thread = threading.Thread(target=lambda: namespace.inside(core, lambda: _work(forge, forged, over)))
    thread.start()
    try:
        yield forged
    finally:
        over.set()
        thread.join()
        namespace.command("ip", "netns", "exec", core, "nft", "delete", "table", "ip", _TABLE)


def _work(forge: Forge, forged: list[bytes], over: threading.Event) -> None:
    """See every packet on nac's link. Requests go on by themselves; they are only remembered."""
    requests: dict[tuple[str, int, int], bytes] = {}
    with (
        socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ALL)) as link,
        socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as out,
        selectors.DefaultSelector() as selector,
    ):
        link.bind(("nac", _ALL))
        selector.register(link, selectors.EVENT_READ)
        while not over.is_set():
            if not selector.select(_PAUSE_S):
                continue
            packet = Ether(link.recv(65535))
            if UDP not in packet or _PORT not in (packet[UDP].sport, packet[UDP].dport):
                continue
            octets, ip, udp = bytes(packet[UDP].payload), packet[IP], packet[UDP]
            if udp.dport == _PORT:
                requests[ip.src, udp.sport, octets[1]] = octets
            elif (asked := requests.get((ip.dst, udp.dport, octets[1]))) is not None:
                forged.append(forge(asked, octets))
                made = IP(src=NAC, dst=ip.dst) / UDP(sport=_PORT, dport=udp.dport) / Raw(forged[-1])
                out.sendto(bytes(made), (ip.dst, 0))
