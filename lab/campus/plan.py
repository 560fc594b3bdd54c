"""What stands on the campus and where: data alone.

Everything hangs on `core`, a router. A switch has its ports in a subnet of its own, each session's VLAN is a bridge
inside the switch; a host keeps its address wherever its port is put, as with host routes on a campus fabric. So no
answer hangs on DHCP, and whether two hosts see each other is a matter of VLANs alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

NAC: Final = "10.1.0.10"
"""Where `nac serve` listens."""

POSTURE_PORT: Final = 8443
"""Where it takes posture reports and shows the remediation page (HTTPS)."""

GATEWAY: Final = "169.254.1.1"
"""The core at every server's link."""

SECRET_FILE: Final = "switch.secret"  # noqa: S105  (a file name)

PORTS: Final = 64
"""Of a switch, numbered from 1. Hosts are plugged in one after the other."""


@dataclass(frozen=True)
class SwitchPlan:
    """A switch. `dialect`: in whose words it reads access lists (`nac client add --dialect`); `fragment`: octets of EAP
    in a packet to it.
    """

    name: str
    number: int
    site: str
    dialect: str
    fragment: int = 1024

    @property
    def address(self) -> str:
        """Its own, from which it speaks RADIUS."""
        return f"10.1.1.{self.number}"

    @property
    def gateway(self) -> str:
        """The router of its hosts, the same in every VLAN."""
        return f"10.99.{self.number}.1"

    @property
    def mac(self) -> str:
        """The router's, in every VLAN."""
        return f"02:6e:61:63:00:{self.number:02x}"

    @property
    def subnet(self) -> str:
        """Of its hosts."""
        return f"10.99.{self.number}.0/24"

    def host(self, port: int) -> str:
        """The address of whoever is at a port."""
        return f"10.99.{self.number}.{port + 1}"


@dataclass(frozen=True)
class Server:
    """Something to protect: the resource of the policy that it stands for, its address and its TCP ports."""

    name: str
    resource: str
    address: str
    ports: tuple[int, ...]
    says: str


SWITCHES: Final = (
    SwitchPlan("ber-1", 1, "berlin", "rfc4849"),
    SwitchPlan("ber-2", 2, "berlin", "aos-cx+ipv4", fragment=500),
    SwitchPlan("ber-3", 4, "berlin", "rfc4849"),
    SwitchPlan("bos-1", 3, "boston", "cisco-ios-xe+ipv4"),
)

SERVERS: Final = (
    Server("gpu", "training-cluster", "10.20.0.10", (22, 443), "GPU node of the training cluster"),
    Server("gpu-dev", "dev-cluster", "10.20.8.10", (22, 443), "GPU node for development"),
    Server("registry", "model-registry", "10.21.0.10", (443,), "model registry: production models"),
    Server("datasets", "curated-datasets", "10.22.0.5", (443,), "dataset store: reading"),
    Server("ingest", "dataset-ingest", "10.22.1.5", (8443,), "dataset store: ingest"),
    Server("archive", "eu-archive", "10.22.2.5", (443,), "archive of the European region"),
    Server("tracking", "tracking", "10.23.0.10", (443,), "experiment tracking"),
    Server("pipelines", "pipelines", "10.23.0.20", (443, 8080), "pipelines"),
    Server("deploy", "deployment", "10.23.0.30", (6443,), "deployment of models"),
    Server("hub", "notebooks", "10.24.0.5", (8888,), "notebook hub"),
    Server("observe", "observability", "10.25.0.10", (443, 3000), "observability"),
    Server("apps", "front-ends", "10.26.0.5", (443,), "front ends for the business"),
    Server("print", "print-server", "10.40.0.2", (9100, 631), "print server"),
    Server("internet", "internet", "1.1.1.1", (80, 443), "somewhere in the internet"),
    Server("tenant-a", "tenant-a-gpu", "10.50.1.10", (22,), "GPU node of tenant A"),
    Server("tenant-b", "tenant-b-gpu", "10.50.2.10", (22,), "GPU node of tenant B"),
)


def server_of(resource: str) -> Server:
    """Who stands for a resource. Raises `KeyError`."""
    return {server.resource: server for server in SERVERS}[resource]


def switch_named(name: str, switches: Sequence[SwitchPlan] = SWITCHES) -> SwitchPlan:
    """Raises `KeyError`."""
    return {switch.name: switch for switch in switches}[name]
