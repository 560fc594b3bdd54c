"""What fails again and again is said once, and ends nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import structlog
from structlog.testing import capture_logs
from structlog.typing import EventDict

from nac.errors import StorageError
from nac.guard import Guard


@pytest.fixture
def logged() -> Iterator[list[EventDict]]:
    with capture_logs() as entries:
        yield entries


@pytest.fixture
def guarded() -> Guard:
    return Guard(structlog.get_logger("test"), prefix="part.")


def locked() -> None:
    raise StorageError("the database is locked", fix="wait")


def broken() -> None:
    raise KeyError("gone")


def test_the_same_failure_is_logged_once_and_again_after_a_success(guarded: Guard, logged: list[EventDict]) -> None:
    assert [guarded("store", step) for step in (locked, locked, dict, locked)] == [False, False, True, False]
    assert [entry["event"] for entry in logged] == ["part.store.failed", "part.store.failed"]


def test_another_failure_of_the_same_step_is_logged(guarded: Guard, logged: list[EventDict]) -> None:
    guarded("store", locked)
    guarded("store", broken)
    assert [entry.get("error") for entry in logged] == ["the database is locked", None]


def test_an_error_of_ours_says_what_to_do_and_a_defect_where_it_is(guarded: Guard, logged: list[EventDict]) -> None:
    guarded("store", locked)
    guarded("read", broken)
    assert (logged[0]["fix"], logged[0].get("exc_info")) == ("wait", None)
    assert logged[1]["exc_info"] is True


def test_what_fails_now_is_told_by_name(guarded: Guard) -> None:
    guarded("store", locked)
    guarded("read", broken)
    guarded("read", dict)
    assert dict(guarded.failing) == {"store": "the database is locked"}
