"""listening_ports: no service that hands the device out without proof of who asks is open to the network."""

from __future__ import annotations

from typing import Final

from nac.agent.finding import Finding, failed, passed
from nac.agent.machine import Machine

OPEN_DOORS: Final = {
    ("tcp", 21): "FTP",
    ("tcp", 23): "Telnet",
    ("udp", 69): "TFTP",
    ("tcp", 512): "rexec",
    ("tcp", 513): "rlogin",
    ("tcp", 514): "rsh",
    ("tcp", 2375): "Docker without TLS",
    ("tcp", 6000): "X11",
    ("udp", 11211): "memcached",
    ("tcp", 11211): "memcached",
}
"""Services that ask for no password, or for one in clear text."""


def run(machine: Machine) -> Finding:
    reachable = [one for one in machine.listeners if one.beyond_loopback]
    value = tuple(str(one) for one in reachable)
    doors = sorted({OPEN_DOORS[key] for one in reachable if (key := (one.protocol, one.port)) in OPEN_DOORS})
    if doors:
        return failed(value, f"open to the network: {', '.join(doors)}; stop it or bind it to 127.0.0.1")
    return passed(value, f"{len(value)} reachable from the network")
