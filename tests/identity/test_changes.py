"""What the data plane is told: everything, then only what changed; applying changes equals a full load."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nac.db import Database, upgrade
from nac.db.audit import Actor
from nac.db.revision import RevisionNumber
from nac.identity.devices import DeviceChange, Devices, NewDevice
from nac.identity.mac import MacAddress
from nac.identity.name import Name
from nac.identity.store import Facts, changes_since, load_facts
from nac.identity.users import Users

ACTOR = Actor("root")


def apply(replica: dict[str, Any], facts: Facts) -> None:
    """As the service does: removals first, then upserts."""
    for name in facts.removed_devices:
        replica.pop(f"device {name}", None)
    for name in facts.removed_users:
        replica.pop(f"user {name}", None)
    replica.update({f"device {fields['name']}": fields for fields in facts.devices})
    replica.update({f"user {fields['name']}": fields for fields in facts.users})


def test_all_fields_of_a_device_and_a_user(database: Database) -> None:
    mac = MacAddress.parse("001b774954fd")
    with database.write() as session:
        new = NewDevice(Name.parse("a"), [mac], kind="laptop", owner="alice", managed=True, tags=[Name.parse("gpu")])
        Devices(session, actor=ACTOR, now=1).add(new)
        Devices(session, actor=ACTOR, now=1).set_posture("a", "healthy", expires_at=99)
        Users(session, actor=ACTOR, now=1).add(Name.parse("alice"), [Name.parse("ml"), Name.parse("dev")])
    with database.read() as session:
        facts = load_facts(session)
    assert facts.devices == [
        {
            "name": "a",
            "macs": ["00:1b:77:49:54:fd"],
            "certificates": [],
            "kind": "laptop",
            "owner": "alice",
            "managed": True,
            "disabled": False,
            "tags": ["gpu"],
            "posture_status": "healthy",
            "posture_expires_at": 99,
            "posture_at": None,
            "posture_score": None,
            "posture_passed": None,
            "posture_failed": None,
            "posture_fresh_until": None,
            "posture_ageing_until": None,
            "shared_identity": False,
        }
    ]
    assert facts.users == [{"name": "alice", "groups": ["dev", "ml"], "disabled": False}]


def test_nothing_new_is_nothing(database: Database) -> None:
    with database.write() as session:
        Devices(session, actor=ACTOR, now=1).add(NewDevice(Name.parse("a")))
    with database.read() as session:
        facts = changes_since(session, load_facts(session).revision)
    assert (facts.devices, facts.users, facts.removed_devices, facts.clients_changed) == ([], [], [], False)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
def test_a_replica_of_changes_equals_a_full_load(tmp_path_factory: Any, seed: int) -> None:
    url = f"sqlite:///{Path(tmp_path_factory.mktemp('db'))}/nac.db"
    upgrade(url)
    database, dice = Database.open(url), random.Random(seed)
    replica: dict[str, Any] = {}
    known = RevisionNumber(0)
    for _ in range(30):
        with database.write() as session:
            write_something(Devices(session, actor=ACTOR, now=1), Users(session, actor=ACTOR, now=1), dice)
        if dice.random() < 0.4:
            with database.read() as session:
                facts = changes_since(session, known)
            apply(replica, facts)
            known = facts.revision
    with database.read() as session:
        apply(replica, changes_since(session, known))
        full: dict[str, Any] = {}
        apply(full, load_facts(session))
    database.close()
    assert replica == full


def write_something(devices: Devices, users: Users, dice: random.Random) -> None:
    name = Name.parse(dice.choice("abcd"))
    is_device = any(device.key == name.key for device in devices.find())
    is_user = any(user.key == name.key for user in users.find())
    match dice.randrange(5):
        case 0 if not is_device:
            devices.add(NewDevice(name, tags=[name]))
        case 1 if is_device:
            devices.remove(name.text)
        case 2 if is_device:
            devices.change(
                name.text, DeviceChange(disabled=dice.random() < 0.5, add_tags=[Name.parse(dice.choice("xyz"))])
            )
        case 3 if not is_user:
            users.add(name, [Name.parse(dice.choice("xyz"))])
        case _ if is_user:
            dice.choice([users.remove, users.disable, lambda user: users.regroup(user, add=[Name.parse("w")])])(
                name.text
            )
