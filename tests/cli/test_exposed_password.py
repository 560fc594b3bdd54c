"""A database password in a nac.toml that everyone may read: `nac check` and `nac serve` say so, once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RUN = [sys.executable, "-c", "from nac.cli import main; main()"]
URL = "postgresql://nac:hunter2@127.0.0.1:1/nac"


@pytest.mark.parametrize("verb", ["check", "serve"])
def test_it_is_warned_of_before_anything_else_is_looked_at(verb: str, tmp_path: Path) -> None:
    path = tmp_path / "nac.toml"
    path.write_text(f'[database]\nurl = "{URL}"\n[log]\nformat = "text"\n')
    (tmp_path / "state").mkdir()
    for mode, told in ((0o644, 1), (0o600, 0)):
        path.chmod(mode)
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            [*RUN, "-c", str(path), verb], capture_output=True, text=True, env=environment, check=False
        )
        assert done.returncode in (3, 5), "there is neither a database nor a policy"
        assert done.stderr.count("database.url holds a password") == told, done.stderr
        assert done.stderr.count("passfile=") == told
        assert "hunter2" not in done.stdout + done.stderr
