from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from nac.db import Database, upgrade


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    url = f"sqlite:///{tmp_path}/nac.db"
    upgrade(url)
    database = Database.open(url)
    yield database
    database.close()
