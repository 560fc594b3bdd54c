"""`docs/rfc-coverage.md` names tests: each exists, and each line of the list is there once."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "rfc-coverage.md").read_text(encoding="utf-8")
ROOMS = (
    "dataplane/server/tests",
    "dataplane/server/src",
    "dataplane/protocol/tests",
    "dataplane/protocol/src",
    "dataplane/policy/src",
)
LINES = 112
"""Demands in the list, counted through."""


def named_tests() -> list[tuple[str, str]]:
    """(file, function) of every test that the page names."""
    return sorted(set(re.findall(r"`([\w/]+\.(?:rs|py))::(\w+)`", PAGE)))


def sources(file: str) -> list[str]:
    """The texts of the files that the page may mean by `file`."""
    if file.startswith("tests/"):
        paths = [ROOT / file]
    else:
        paths = [
            path for room in ROOMS for path in (ROOT / room).rglob(Path(file).name) if f"/{path}".endswith(f"/{file}")
        ]
    return [path.read_text(encoding="utf-8") for path in paths if path.is_file()]


@pytest.mark.parametrize(("file", "function"), named_tests())
def test_a_named_test_exists(file: str, function: str) -> None:
    texts = sources(file)
    assert texts, f"there is no {file}"
    declared = re.compile(rf"^\s*(?:async )?(?:def|fn) {function}\(", re.MULTILINE)
    assert any(declared.search(text) for text in texts), f"{file} has no {function}"


def test_every_line_is_there_once() -> None:
    numbers = [int(number) for number in re.findall(r"^\| (\d+) \|", PAGE, re.MULTILINE)]
    assert numbers == list(range(1, LINES + 1))


def test_every_line_is_held_or_says_why_not() -> None:
    for row in re.findall(r"^\| \d+ \|.*$", PAGE, re.MULTILINE):
        held_by = row.split(" | ")[-1]
        assert "::" in held_by or held_by.startswith(("Later", "Different")), row
