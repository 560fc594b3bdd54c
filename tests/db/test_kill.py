"""kill -9 in the middle of writes: the database opens, what was committed is there, nothing is there twice."""

import signal
import subprocess
import sys

import pytest
from sqlalchemy import text

from nac.db import Database
from nac.db.schema import AdminAudit

WRITER = """
import sys
from nac.db import Database, audit, revision
database = Database.open(sys.argv[1])
number = 0
while True:
    with database.write() as session:
        revision.bump(session)
        for part in range(20):
            audit.record(session, audit.Actor("root"), "write", str(number), "x" * 500)
    print(number, flush=True)
    number += 1
"""

TRANSACTION_ROWS = 20


@pytest.mark.parametrize("after", [1, 7, 60])
def test_kill_in_mid_write(url: str, after: int) -> None:
    with subprocess.Popen([sys.executable, "-c", WRITER, url], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        told = [int(next(writer.stdout)) for _ in range(after)]
        writer.send_signal(signal.SIGKILL)
        told += [int(line) for line in writer.stdout if line.endswith("\n")]
    with Database.open(url).read() as session:
        if url.startswith("sqlite"):
            assert session.scalar(text("PRAGMA integrity_check")) == "ok"
        rows = session.query(AdminAudit.subject).all()
    stored = {int(row.subject) for row in rows}
    assert set(told) <= stored
    assert len(rows) == len(stored) * TRANSACTION_ROWS, "a transaction is there whole or not at all"
    assert len(stored) - len(told) <= 1, "at most the one in work was not told of"
