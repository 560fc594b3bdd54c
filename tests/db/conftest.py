from pathlib import Path

import pytest

from nac.db import upgrade


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A new SQLite database, up to date."""
    url = f"sqlite:///{tmp_path}/nac.db"
    upgrade(url)
    return url
