"""Cables: pairs of virtual Ethernet interfaces between namespaces, and the routes over them."""

from __future__ import annotations

from lab.campus import namespace
from lab.campus.plan import GATEWAY

SETTINGS = (
    "net.ipv4.ip_forward=1",
    "net.ipv4.conf.all.rp_filter=0",
    "net.ipv4.conf.default.rp_filter=0",
    "net.ipv4.icmp_ratelimit=0",
)
"""Of a namespace that routes."""


def make(name: str, *, routes: bool = False) -> None:
    """A namespace with loopback up. Without `routes` it has no IPv6, which could speak before anybody asked it to."""
    namespace.command("ip", "netns", "add", name)
    namespace.command("ip", "-n", name, "link", "set", "lo", "up")
    settings = SETTINGS if routes else ("net.ipv6.conf.all.disable_ipv6=1", "net.ipv6.conf.default.disable_ipv6=1")
    namespace.command("ip", "netns", "exec", name, "sysctl", "-q", "-w", *settings)


def attach(core: str, link: str, end: str, address: str) -> None:
    """Hang a namespace on the core: one address, everything else behind the gateway."""
    namespace.batch([f"link add {link} type veth peer name eth0 netns {end}"], core)
    namespace.batch(
        [f"addr add {GATEWAY}/32 dev {link}", f"link set {link} up", f"route add {address} dev {link}"], core
    )
    routes = [f"route add {GATEWAY} dev eth0", f"route add default via {GATEWAY} src {address}"]
    namespace.batch([f"addr add {address}/32 dev eth0", "link set eth0 up", *routes], end)


def plug(switch: str, link: str, end: str, mac: str) -> None:
    """A cable from a switch's port to a host, still down at both ends."""
    namespace.batch([f"link add {link} type veth peer name eth0 address {mac} netns {end}"], switch)
