"""An authority to work with."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from pki_lab import NOW

from nac.pki.authority import Authority, create_authority


@pytest.fixture(scope="session")
def _template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("template") / "pki"
    create_authority(folder, organization="corp.example", server=["radius.corp.example"], now=NOW)
    return folder


@pytest.fixture
def authority(_template: Path, tmp_path: Path) -> Authority:
    """A fresh copy of an authority made at NOW, in `tmp_path/pki`."""
    shutil.copytree(_template, tmp_path / "pki")
    return Authority.open(tmp_path / "pki")
