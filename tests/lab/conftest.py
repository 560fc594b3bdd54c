"""A campus for all tests of this folder; without root, or without the programs that it runs, they are skipped."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lab.campus import construct, teardown
from lab.campus.error import LabError
from lab.campus.state import Lab


@pytest.fixture(scope="session")
def _possible() -> None:
    try:
        construct.require()
    except LabError as error:
        pytest.skip(f"{error.message}; {error.fix}")


@pytest.fixture(scope="session")
def campus_lab(_possible: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A running lab, without residents."""
    lab = construct.up(tmp_path_factory.mktemp("campus") / "lab")
    try:
        yield lab
    finally:
        teardown.down(lab)
