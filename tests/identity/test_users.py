"""Users and groups: adding, regrouping, disabling, removing."""

import pytest

from nac.db import Database
from nac.db.audit import Actor
from nac.db.schema import AdminAudit, Group, Membership
from nac.errors import ConflictError, NotFoundError
from nac.identity.name import Name
from nac.identity.users import Users


def names(*texts: str) -> list[Name]:
    return [Name.parse(text) for text in texts]


def groups_of(database: Database, user: str) -> list[str]:
    with database.read() as session:
        return [group.name for group in Users(session, actor=Actor("root"), now=1).get(user).groups]


def test_groups_come_by_being_named_and_are_shared(database: Database) -> None:
    with database.write() as session:
        users = Users(session, actor=Actor("root"), now=1)
        users.add(Name.parse("Alice"), names("ML-Engineers", "staff", "STAFF"))
        users.add(Name.parse("bob"), names("ml-engineers"))
    assert groups_of(database, "alice") == ["ML-Engineers", "STAFF"]
    assert groups_of(database, "BOB") == ["ML-Engineers"]
    with database.read() as session:
        assert session.query(Group).count() == 2
        found = Users(session, actor=Actor("root"), now=1).find(group="ml-ENGINEERS")
        assert [user.name for user in found] == ["Alice", "bob"]


def test_regroup(database: Database) -> None:
    with database.write() as session:
        Users(session, actor=Actor("root"), now=1).add(Name.parse("alice"), names("a", "b"))
    with database.write() as session:
        Users(session, actor=Actor("root"), now=1).regroup("alice", add=names("c", "a"), remove=names("B", "nowhere"))
    assert groups_of(database, "alice") == ["a", "c"]


def test_conflict_and_unknown(database: Database) -> None:
    with database.write() as session:
        Users(session, actor=Actor("root"), now=1).add(Name.parse("alice"))
    with pytest.raises(ConflictError), database.write() as session:
        Users(session, actor=Actor("root"), now=1).add(Name.parse("ALICE"))
    with pytest.raises(NotFoundError) as caught, database.write() as session:
        Users(session, actor=Actor("root"), now=1).disable("alise")
    assert "alice" in caught.value.fix


def test_disable_enable_remove(database: Database) -> None:
    with database.write() as session:
        Users(session, actor=Actor("root"), now=1).add(Name.parse("alice"), names("a"))
    with database.write() as session:
        assert Users(session, actor=Actor("root"), now=1).disable("alice").disabled
    with database.write() as session:
        assert not Users(session, actor=Actor("root"), now=1).enable("alice").disabled
    with database.write() as session:
        assert Users(session, actor=Actor("root"), now=1).remove("ALICE") == "alice"
    with database.read() as session:
        assert session.query(Membership).count() == 0
        actions = [row.action for row in session.query(AdminAudit).order_by(AdminAudit.id)]
    assert actions == ["user add", "user disable", "user enable", "user remove"]
