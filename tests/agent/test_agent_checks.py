"""Every check on trees of files: what passes, what fails, and what cannot be seen."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pytest
from agent_check_cases import CASES, Case
from agent_device import Root, check, finding, machine, make_tree

from nac.agent.checks import NAMES
from nac.agent.platforms import checks_of


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_check_finds(case: Case, tmp_path: Path) -> None:
    found = finding(case.check, machine(make_tree(tmp_path, case.files), case.said, case.settings))
    assert found.result == case.result, found
    assert case.detail in found.detail
    if case.value is not None:
        assert found.value == case.value


def test_every_check_has_trees_for_pass_fail_and_unknown() -> None:
    results: dict[str, set[str]] = defaultdict(set)
    for case in CASES:
        results[case.check].add(case.result)
    assert results == {name: {"pass", "fail", "unknown"} for name in NAMES}


def test_names_of_cases_are_unique() -> None:
    names = [str(case) for case in CASES]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("platform", ["linux", "macos", "windows"])
def test_every_platform_has_every_check_in_order(platform: str) -> None:
    assert [check.name for check in checks_of(platform)] == list(NAMES)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", NAMES)
def test_a_check_of_an_empty_device_does_not_break(name: str, tmp_path: Path) -> None:
    assert check(name).finding(machine(Root(tmp_path))).result in ("pass", "unknown")


@pytest.mark.parametrize("name", NAMES)
def test_a_failure_says_what_to_do(name: str, tmp_path: Path) -> None:
    for number, case in enumerate(case for case in CASES if case.check == name and case.result != "pass"):
        on = machine(make_tree(tmp_path / str(number), case.files), case.said, case.settings)
        assert finding(name, on).detail


def test_no_secret_leaves_a_file(tmp_path: Path) -> None:
    (case,) = (case for case in CASES if case.name == "hub-and-cloud")
    found = finding(case.check, machine(make_tree(tmp_path, case.files)))
    assert "hf_" not in repr(found)
    assert "wJalr" not in repr(found)
