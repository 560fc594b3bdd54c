"""Reports of other tools -> findings: exports of Fleet (osquery) and of Intune, as JSON.

What they do not say is not known.

Nobody signs an export: what is imported is as good as the file, and is named by its source.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from nac.errors import NacError
from nac.posture.checks import CHECKS
from nac.posture.findings import Finding, Result, by_name

Source = Literal["fleet", "intune"]

MAX_OCTETS: Final = 512 * 1024 * 1024
"""Of an export: some 100,000 devices."""

_RELEASE: Final = re.compile(r"^([A-Za-z]+)\D*(\d+(?:\.\d+)*)")


class ImportFormatError(NacError):
    """The file is no export of that tool."""

    exit_code = 4


@dataclass(frozen=True, slots=True)
class Imported:
    """`names`: what the device may be on record as, names and MAC addresses, the best first."""

    names: tuple[str, ...]
    findings: Mapping[str, Finding]


def read_export(path: Path, source: Source) -> list[Imported]:
    """Every device in the file. Raises `ImportFormatError`."""
    try:
        if path.stat().st_size > MAX_OCTETS:
            raise ImportFormatError(f"{path}: larger than {MAX_OCTETS:,} octets", fix="export fewer devices at once")
        said = msgspec.json.decode(path.read_bytes())
    except (OSError, msgspec.DecodeError, RecursionError) as error:
        raise ImportFormatError(f"{path}: {error}", fix="name a JSON export") from error
    key = {"fleet": "hosts", "intune": "value"}[source]
    devices = said.get(key) if isinstance(said, dict) else said
    if not isinstance(devices, list) or not all(isinstance(device, dict) for device in devices):
        raise ImportFormatError(f"{path}: there is no list of devices in it", fix=f'{source} writes it as "{key}"')
    return [_READERS[source](device) for device in devices]


def read_host(host: Mapping[str, Any], source: str = "policy of Fleet") -> Imported:
    """A host as Fleet's API shows it; policies that are called as one of our checks count, and `source` said so."""
    found = list(_common(host.get("disk_encryption_enabled"), host.get("os_version")))
    for policy in host.get("policies") or ():
        name, response = str(policy.get("name", "")), policy.get("response")
        if name in CHECKS and response in ("pass", "fail"):
            found.append(Finding(name, response, detail=source))
    return Imported(_names(host, "hostname", "computer_name", "primary_mac"), by_name(found))


def _intune(device: Mapping[str, Any]) -> Imported:
    """A managedDevice as Microsoft Graph shows it."""
    system = f"{device.get('operatingSystem') or ''} {device.get('osVersion') or ''}".strip()
    names = _names(device, "deviceName", "ethernetMacAddress", "wiFiMacAddress")
    return Imported(names, by_name(_common(device.get("isEncrypted"), system)))


_READERS: Final[Mapping[Source, Callable[[Mapping[str, Any]], Imported]]] = {"fleet": read_host, "intune": _intune}


def _common(encrypted: object, system: object) -> Iterator[Finding]:
    if isinstance(encrypted, bool):
        yield Finding("disk_encryption", _result(encrypted), encrypted)
    if isinstance(system, str) and (release := _RELEASE.match(system)):
        yield Finding("os_supported", "pass", f"{release[1].lower()} {release[2]}")


def _result(held: bool) -> Result:
    return "pass" if held else "fail"


def _names(said: Mapping[str, Any], *keys: str) -> tuple[str, ...]:
    return tuple(str(said[key]) for key in keys if said.get(key))
