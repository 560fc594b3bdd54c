"""Who comes to the switch, and what must happen. What is shown comes from the server, not from here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lab.demo.estate import PRINTER_MAC, Estate


@dataclass(frozen=True)
class Accepted:
    """Access-Accept into this VLAN. `opens` must be reachable, `closed` must not; with `only`, nothing but `opens`."""

    vlan: str
    opens: frozenset[str]
    closed: frozenset[str] = frozenset()
    only: bool = False


@dataclass(frozen=True)
class Refused:
    """Access-Reject for this cause (docs/causes.md)."""

    cause: str


@dataclass(frozen=True)
class Scene:
    """One device. `certificate`: the name it was issued under, None for a device without 802.1X."""

    title: str
    mac: str
    expected: Accepted | Refused
    certificate: str | None = None
    first: Callable[[Estate], str] | None = None
    """Something an admin does just before, while the server runs. Returns the command as text."""


def _revoke_lost_laptop(estate: Estate) -> str:
    command = ["pki", "revoke", "laptop-09", "--reason", "key-compromise"]
    estate.nac(*command)
    estate.nac("reload")
    return f"nac {' '.join(command)}"


_MODELS = frozenset({"training-cluster", "model-registry"})
_INGEST = frozenset({"dataset-ingest", "curated-datasets"})

SCENES = [
    Scene(
        title="An ML engineer's healthy, managed laptop",
        mac="00-00-5E-00-53-17",
        certificate="laptop-17",
        expected=Accepted(vlan="120", opens=_MODELS, closed=_INGEST),
    ),
    Scene(
        title="The same user on her own, unmanaged computer",
        mac="00-00-5E-00-53-99",
        certificate="home-pc",
        expected=Accepted(vlan="90", opens=frozenset({"dns", "internet"}), closed=_MODELS | _INGEST, only=True),
    ),
    Scene(
        title="Her lost laptop, after its certificate was revoked",
        mac="00-00-5E-00-53-09",
        certificate="laptop-09",
        first=_revoke_lost_laptop,
        expected=Refused("certificate_revoked"),
    ),
    Scene(
        title="A laptop whose certificate has expired",
        mac="00-00-5E-00-53-03",
        certificate="laptop-03",
        expected=Refused("certificate_expired"),
    ),
    Scene(
        title="The same names in a certificate from somebody else's authority",
        mac="00-00-5E-00-53-66",
        certificate="foreign",
        expected=Refused("unknown_ca"),
    ),
    Scene(
        title="A printer, known by its MAC address (MAB)",
        mac=PRINTER_MAC,
        expected=Accepted(vlan="40", opens=frozenset({"print-server"}), closed=_MODELS | _INGEST, only=True),
    ),
    Scene(
        title="A MAC address that nobody knows",
        mac="00-00-5E-00-53-EE",
        expected=Refused("unknown_mac"),
    ),
]
