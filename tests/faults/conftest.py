"""Faults made to happen for real, each on a server of its own. `pyproject.toml` lends the tools of `tests/stories`."""

from __future__ import annotations

from pathlib import Path

import pytest
from lab_home import Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A folder with one switch."""
    home = Home(tmp_path / "home")
    home.add_client("switch", "127.0.0.1", "--rate", "1000000", "--burst", "1000000")
    return home
