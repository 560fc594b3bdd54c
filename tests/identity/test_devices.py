"""Devices: adding, finding, changing, removing, and what is refused."""

import pytest

from nac.db import Database
from nac.db.audit import Actor
from nac.db.schema import AdminAudit, DeviceCertificate, DeviceMac, DeviceTag
from nac.errors import ConflictError, NotFoundError
from nac.identity.devices import DeviceChange, Devices, Fingerprint, FingerprintError, NewDevice, parse_fingerprint
from nac.identity.mac import MacAddress
from nac.identity.name import BadNameError, Name

MAC = MacAddress.parse("00:1b:77:49:54:fd")
OTHER_MAC = MacAddress.parse("00:1b:77:49:54:fe")
FINGERPRINT = Fingerprint("ab" * 32)


def add(database: Database, name: str, *macs: MacAddress, certificates: tuple[Fingerprint, ...] = ()) -> None:
    with database.write() as session:
        new = NewDevice(Name.parse(name), macs, certificates, tags=(Name.parse("GPU"), Name.parse("gpu")))
        Devices(session, actor=Actor("root"), now=1).add(new)


def change(database: Database, name: str, what: DeviceChange) -> None:
    with database.write() as session:
        Devices(session, actor=Actor("root"), now=2).change(name, what)


@pytest.mark.parametrize("named", ["Laptop-17", "laptop-17", " LAPTOP-17 ", "001b.7749.54fd", "00-1B-77-49-54-FD"])
def test_found_by_name_without_case_and_by_address(database: Database, named: str) -> None:
    add(database, "Laptop-17", MAC)
    with database.read() as session:
        assert Devices(session, actor=Actor("root"), now=1).get(named).name == "Laptop-17"


def test_an_unknown_name_suggests_the_nearest(database: Database) -> None:
    add(database, "laptop-17")
    with database.read() as session, pytest.raises(NotFoundError) as caught:
        Devices(session, actor=Actor("root"), now=1).get("laptop17")
    assert caught.value.fix == "did you mean 'laptop-17'?"


def test_taken_names_addresses_and_certificates_conflict_and_write_nothing(database: Database) -> None:
    add(database, "a", MAC, certificates=(FINGERPRINT,))
    with pytest.raises(ConflictError, match="exists already"):
        add(database, "A")
    with pytest.raises(ConflictError, match="belongs to device 'a'"):
        add(database, "b", OTHER_MAC, MAC)
    with pytest.raises(ConflictError, match="bound to another device"):
        add(database, "c", certificates=(FINGERPRINT,))
    with database.read() as session:
        assert [device.name for device in Devices(session, actor=Actor("root"), now=1).find()] == ["a"]
        assert session.query(DeviceMac).count() == 1
        assert session.query(AdminAudit).count() == 1


def test_change_sets_only_what_is_named(database: Database) -> None:
    add(database, "a", MAC)
    change(database, "a", DeviceChange(owner="alice", managed=True))
    change(database, "a", DeviceChange(kind="laptop", add_macs=[OTHER_MAC], remove_macs=[MAC]))
    change(database, "a", DeviceChange(add_tags=[Name.parse("x")], remove_tags=[Name.parse("gpu")]))
    change(database, "a", DeviceChange(add_tags=[Name.parse("X")]))
    with database.read() as session:
        device = Devices(session, actor=Actor("root"), now=1).get("a")
        assert (device.owner, device.managed, device.kind) == ("alice", True, "laptop")
        assert [mac.mac for mac in device.macs] == [OTHER_MAC.text]
        assert [tag.tag for tag in device.tags] == ["x"]
    change(database, "a", DeviceChange(owner=None))
    with database.read() as session:
        assert Devices(session, actor=Actor("root"), now=1).get("a").owner is None


def test_an_address_moves_in_one_change(database: Database) -> None:
    add(database, "a", MAC)
    change(database, "a", DeviceChange(remove_macs=[MAC], add_macs=[MAC, OTHER_MAC]))
    with database.read() as session:
        assert len(Devices(session, actor=Actor("root"), now=1).get("a").macs) == 2


def test_find_by_owner_and_tag(database: Database) -> None:
    add(database, "a")
    add(database, "b")
    change(database, "a", DeviceChange(owner="Alice", remove_tags=[Name.parse("gpu")]))
    with database.read() as session:
        devices = Devices(session, actor=Actor("root"), now=1)
        assert [device.name for device in devices.find(owner="alice")] == ["a"]
        assert [device.name for device in devices.find(tag="Gpu")] == ["b"]


def test_removing_takes_everything_of_it(database: Database) -> None:
    add(database, "a", MAC, certificates=(FINGERPRINT,))
    with database.write() as session:
        assert Devices(session, actor=Actor("root"), now=1).remove(MAC.text) == "a"
    with database.read() as session:
        for table in (DeviceMac, DeviceCertificate, DeviceTag):
            assert session.query(table).count() == 0
    add(database, "b", MAC, certificates=(FINGERPRINT,))


def test_every_write_is_audited(database: Database) -> None:
    add(database, "a", MAC)
    change(database, "a", DeviceChange(disabled=True, add_tags=[Name.parse("x")]))
    with database.write() as session:
        Devices(session, actor=Actor("alice"), now=1).set_posture("a", "healthy", expires_at=100)
    with database.write() as session:
        Devices(session, actor=Actor("alice"), now=1).remove("a")
    with database.read() as session:
        rows = session.query(AdminAudit).order_by(AdminAudit.id).all()
    assert [(row.actor, row.action) for row in rows] == [
        ("root", "device add"),
        ("root", "device set"),
        ("alice", "device posture"),
        ("alice", "device remove"),
    ]
    assert rows[1].detail == "disabled=True +tags=x"


@pytest.mark.parametrize("text", ["ab" * 32, ("AB:" * 32).rstrip(":"), f" {'ab' * 32}\n"])
def test_fingerprints(text: str) -> None:
    assert parse_fingerprint(text) == FINGERPRINT


@pytest.mark.parametrize("text", ["", "ab" * 20, "zz" * 32])
def test_what_is_no_fingerprint(text: str) -> None:
    with pytest.raises(FingerprintError):
        parse_fingerprint(text)


@pytest.mark.parametrize("text", ["", "  ", "a\x1b[31mb", "a\nb", "x" * 254, "\u202eevil"])
def test_what_is_no_name(text: str) -> None:
    with pytest.raises(BadNameError):
        Name.parse(text)
