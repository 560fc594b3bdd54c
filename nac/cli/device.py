"""`nac device`: what may join, by name, MAC address and certificate."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import Any

import click
from msgspec import UNSET

from nac.cli.invocation import Invocation, pass_invocation
from nac.cli.output import (
    Cell,
    Format,
    cell,
    local_time,
    note,
    output_option,
    print_json,
    print_record,
    print_table,
    say,
)
from nac.cli.parameters import CertificateParameter, DurationParameter, MacParameter, NameParameter
from nac.config.duration import Duration
from nac.db.audit import os_user
from nac.db.schema import Device
from nac.identity.devices import DeviceChange, Devices, Fingerprint, NewDevice, PostureStatus
from nac.identity.mac import MacAddress
from nac.identity.name import Name
from nac.sessions.sightings import of_device


@click.group("device")
def cli() -> None:
    """Devices: their addresses, certificates, tags and posture.

    A device is named by NAME or by one of its MAC addresses. The running server takes a change over by itself.
    """


@cli.command("add")
@click.argument("name", type=NameParameter())
@click.option("--mac", "macs", multiple=True, type=MacParameter(), help="A MAC address, in any notation; repeatable.")
@click.option(
    "--certificate",
    "certificates",
    multiple=True,
    type=CertificateParameter(),
    help="A certificate bound to it: SHA-256 fingerprint or file; repeatable.",
)
@click.option("--kind", help="What it is, such as laptop or printer.")
@click.option("--owner", help="The user it belongs to.")
@click.option("--managed", is_flag=True, help="It is under management.")
@click.option("--tag", "tags", multiple=True, type=NameParameter(), help="A tag that policies may ask for; repeatable.")
@pass_invocation
def add(
    invocation: Invocation,
    name: Name,
    macs: tuple[MacAddress, ...],
    certificates: tuple[Fingerprint, ...],
    kind: str | None,
    owner: str | None,
    managed: bool,
    tags: tuple[Name, ...],
) -> None:
    """Add a device."""
    new = NewDevice(name, macs, certificates, kind=kind, owner=owner, managed=managed, tags=tags)
    with invocation.database() as database, database.write() as session:
        device = Devices(session, actor=os_user(), now=int(time.time())).add(new)
        text = cell(device.name)
    say(f"device {text} added")
    for mac in macs:
        if mac.locally_administered:
            note(f"note: {mac} is a made-up (private) address; the device may change it at any time")


@cli.command("list")
@click.option("--owner", help="Only devices of this user.")
@click.option("--tag", help="Only devices with this tag.")
@output_option
@pass_invocation
def list_(invocation: Invocation, owner: str | None, tag: str | None, output: Format) -> None:
    """List devices."""
    now = int(time.time())
    with invocation.database() as database, database.read() as session:
        devices = [_as_json(d) for d in Devices(session, actor=os_user(), now=now).find(owner=owner, tag=tag)]
    if output == "json":
        print_json(devices)
        return
    rows: list[list[Cell]] = [
        [d["name"], d["kind"], d["owner"], d["managed"], _state(d), d["macs"], d["tags"], _posture(d, now)]
        for d in devices
    ]
    columns = ("NAME", "KIND", "OWNER", "MANAGED", "STATE", "MAC", "TAGS", "POSTURE")
    print_table(columns, rows, empty="no devices; add one with `nac device add`")


@cli.command("show")
@click.argument("device")
@output_option
@pass_invocation
def show(invocation: Invocation, device: str, output: Format) -> None:
    """Show one device."""
    now = int(time.time())
    with invocation.database() as database, database.read() as session:
        known = Devices(session, actor=os_user(), now=now).get(device)
        found = _as_json(known) | {"sightings": [asdict(one) for one in of_device(session, known)]}
    if output == "json":
        print_json(found)
        return
    fields = {key: found[key] for key in ("name", "kind", "owner", "managed", "macs", "certificates", "tags")}
    print_record(
        {
            **fields,
            "state": _state(found),
            "posture": _posture(found, now),
            "seen": _seen(found["sightings"]),
            "added": local_time(found["added"]),
        }
    )


@cli.command("sightings")
@click.argument("device")
@output_option
@pass_invocation
def sightings(invocation: Invocation, device: str, output: Format) -> None:
    """Show behind which MAC addresses a device was accepted, where, and when for the first and the last time.

    One that makes up its addresses is known by its certificate: it has a line for each address.
    """
    with invocation.database() as database, database.read() as session:
        found = of_device(session, Devices(session, actor=os_user(), now=int(time.time())).get(device))
    if output == "json":
        print_json([asdict(one) for one in found])
        return
    rows = [
        (one.mac, one.client, (one.certificate or "")[:16], local_time(one.first_at), local_time(one.last_at))
        for one in found
    ]
    print_table(("MAC", "CLIENT", "CERTIFICATE", "FIRST SEEN", "LAST SEEN"), rows, empty="it was never accepted")


@cli.command("set")
@click.argument("device")
@click.option("--kind", help='What it is; "" for nothing.')
@click.option("--owner", help='The user it belongs to; "" for nobody.')
@click.option("--managed/--unmanaged", default=None, help="Whether it is under management.")
@click.option("--add-mac", "add_macs", multiple=True, type=MacParameter(), help="Repeatable.")
@click.option("--remove-mac", "remove_macs", multiple=True, type=MacParameter(), help="Repeatable.")
@click.option("--add-certificate", "add_certificates", multiple=True, type=CertificateParameter(), help="Repeatable.")
@click.option(
    "--remove-certificate", "remove_certificates", multiple=True, type=CertificateParameter(), help="Repeatable."
)
@pass_invocation
def set_(
    invocation: Invocation, /, device: str, kind: str | None, owner: str | None, managed: bool | None, **lists: Any
) -> None:
    """Change a device."""
    change = DeviceChange(
        kind=UNSET if kind is None else kind or None,
        owner=UNSET if owner is None else owner or None,
        managed=UNSET if managed is None else managed,
        **lists,
    )
    _change(invocation, device, change, "changed")


@cli.command("tag")
@click.argument("device")
@click.argument("tags", nargs=-1, type=NameParameter())
@click.option("--remove", "removed", multiple=True, type=NameParameter(), help="A tag to take away; repeatable.")
@pass_invocation
def tag_(invocation: Invocation, device: str, tags: tuple[Name, ...], removed: tuple[Name, ...]) -> None:
    """Add TAGS to a device, or take some away."""
    if not tags and not removed:
        raise click.UsageError("name a tag to add, or --remove one")
    _change(invocation, device, DeviceChange(add_tags=tags, remove_tags=removed), "tagged")


@cli.command("posture")
@click.argument("device")
@click.argument("status", type=click.Choice(["healthy", "degraded", "unhealthy", "unknown"]))
@click.option(
    "--for",
    "duration",
    type=DurationParameter(),
    help="How long this holds, such as 24h; then it reads as unknown. Default: until changed.",
)
@pass_invocation
def posture(invocation: Invocation, device: str, status: PostureStatus, duration: Duration | None) -> None:
    """Set what is known of a device's health, until it next reports."""
    now = int(time.time())
    expires_at = now + duration.seconds if duration is not None else None
    with invocation.database() as database, database.write() as session:
        devices = Devices(session, actor=os_user(), now=now)
        text = cell(devices.set_posture(device, status, expires_at=expires_at).name)
    until = f" until {local_time(expires_at)}" if expires_at is not None else ""
    say(f"device {text} is {status}{until}")


@cli.command("disable")
@click.argument("device")
@pass_invocation
def disable(invocation: Invocation, device: str) -> None:
    """Refuse a device from its next authentication on."""
    _change(invocation, device, DeviceChange(disabled=True), "disabled")


@cli.command("enable")
@click.argument("device")
@pass_invocation
def enable(invocation: Invocation, device: str) -> None:
    """Take `disable` back."""
    _change(invocation, device, DeviceChange(disabled=False), "enabled")


@cli.command("remove")
@click.argument("device")
@pass_invocation
def remove(invocation: Invocation, device: str) -> None:
    """Forget a device. What happened to it stays in `nac auth` for the retention time."""
    with invocation.database() as database, database.write() as session:
        name = Devices(session, actor=os_user(), now=int(time.time())).remove(device)
    say(f"device {cell(name)} removed")


def _change(invocation: Invocation, device: str, change: DeviceChange, done: str) -> None:
    with invocation.database() as database, database.write() as session:
        name = Devices(session, actor=os_user(), now=int(time.time())).change(device, change).name
    say(f"device {cell(name)} {done}")


def _as_json(device: Device) -> dict[str, Any]:
    """A device as `-o json` prints it. `posture.expires_at` and `added`: Unix seconds."""
    return {
        "name": device.name,
        "kind": device.kind,
        "owner": device.owner,
        "managed": device.managed,
        "disabled": device.disabled,
        "macs": [mac.mac for mac in device.macs],
        "certificates": [certificate.fingerprint for certificate in device.certificates],
        "tags": [tag.tag for tag in device.tags],
        "posture": {"status": device.posture_status or "unknown", "expires_at": device.posture_expires_at},
        "added": device.created_at,
    }


def _state(device: dict[str, Any]) -> str:
    return "disabled" if device["disabled"] else "enabled"


def _seen(found: list[dict[str, Any]]) -> str:
    """The newest sighting, and how many addresses there are."""
    if not found:
        return "never"
    addresses = len({one["mac"] for one in found})
    behind = "" if addresses == 1 else f"; {addresses} addresses, see `nac device sightings`"
    return f"{local_time(found[0]['last_at'])} at {found[0]['client']}{behind}"


def _posture(device: dict[str, Any], now: int) -> str:
    status, expires_at = device["posture"]["status"], device["posture"]["expires_at"]
    if expires_at is None or status == "unknown":
        return str(status)
    if expires_at <= now:
        return f"unknown (was {status} until {local_time(expires_at)})"
    return f"{status} until {local_time(expires_at)}"
