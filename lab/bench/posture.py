"""What one core verifies, judges and stores of posture reports.

    .venv/bin/python -m lab.bench.posture [--devices 2000] [--rounds 2]

`verified` is the reader alone: signature (ES256), claims, bounds. `taken` is the whole of it but TLS: nonce, sequence,
verdict, one transaction for each batch in an SQLite file, on the thread that does it. Every device reports once in each
round, five minutes of simulated time apart. CPU seconds of this process are counted, those of the reporters' own
signatures left out.
"""

from __future__ import annotations

import argparse
import os
import queue
import resource
import tempfile
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from sqlalchemy import insert

from lab.bench.reporter import Holder, report
from lab.bench.reporter import holders as make_holders
from nac.db import Database, upgrade
from nac.db.schema import Device
from nac.policy.load import load
from nac.posture.assessment import MAX_WAITING, Assessment, Submission
from nac.posture.freshness import Ages
from nac.posture.nonces import Nonces
from nac.posture.report import verify
from nac.posture.store import Rules
from nac.posture.told import Refusals

POLICY = Path(__file__).parents[2] / "nac/policy/examples/posture.policy"
START = 1_790_000_000
EVERY = 300


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--devices", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=2)
    arguments = parser.parse_args()
    holders = make_holders([f"laptop-{number}" for number in range(arguments.devices)])
    _measure_verification(holders)
    with tempfile.TemporaryDirectory() as folder:
        _measure_taking(holders, arguments.rounds, Path(folder))


def _measure_verification(holders: Sequence[Holder]) -> None:
    reports = [(report(one, 1, START, "A" * 22), one.signer) for one in holders]
    for body, signer in reports:
        verify(body, signer, now=START)
    began = time.process_time()
    for body, signer in reports:
        verify(body, signer, now=START)
    print(f"verified: {len(reports) / (time.process_time() - began):,.0f} reports/s of one core, "
          f"{len(reports[0][0])} octets each")  # fmt: skip


def _measure_taking(holders: Sequence[Holder], rounds: int, folder: Path) -> None:
    url = f"sqlite:///{folder}/nac.db"
    upgrade(url)
    database = Database.open(url)
    with database.write() as session:
        names = [one.signer.names[0] for one in holders]
        rows = [
            {"name": n, "key": n, "managed": True, "disabled": False, "revision": 1, "created_at": 1} for n in names
        ]
        session.execute(insert(Device), rows)
    now, nonces = START, Nonces()
    rules = Rules(load(POLICY).policy, Ages(600, 3600, 86400), keep_values=True)
    published = 0

    def publish(ids: object) -> None:
        nonlocal published
        published += len(ids)  # type: ignore[arg-type]

    assessment = Assessment(
        database,
        nonces,
        rules=lambda: rules,
        publish=publish,
        refusals=Refusals(lambda _: None),
        clock=lambda: float(now),
    )
    for counter in range(1, rounds + 1):
        now += EVERY
        spent = _round(assessment, nonces, holders, counter, now)
        memory = int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024**2
        print(f"taken: {len(holders) / spent:,.0f} reports/s of one core, {memory} MiB resident")
    assessment.close()
    counters = assessment.counters()
    database.close()
    assert counters["posture.accepted"] == len(holders) * rounds, counters
    print(f"{counters['posture.accepted']:,} accepted, {published:,} facts told, "
          f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MiB at most")  # fmt: skip


def _round(assessment: Assessment, nonces: Nonces, holders: Sequence[Holder], counter: int, now: int) -> float:
    """CPU seconds that the reports of all devices took, but for their making."""
    spent = 0.0
    for first in range(0, len(holders), MAX_WAITING // 2):
        part = holders[first : first + MAX_WAITING // 2]
        fresh = [nonces.give(one.signer.fingerprint, now=now).text for one in part]
        bodies = [report(one, counter, now, nonce) for one, nonce in zip(part, fresh, strict=True)]
        answers: queue.SimpleQueue[tuple[int, bytes]] = queue.SimpleQueue()
        began = time.process_time()
        for one, body in zip(part, bodies, strict=True):
            assessment.submit(Submission(body, one.signer, "192.0.2.7", partial(_put, answers)))
        for _ in part:
            answers.get(timeout=60)
        spent += time.process_time() - began
    return spent


def _put(answers: queue.SimpleQueue[tuple[int, bytes]], status: int, body: bytes) -> None:
    answers.put((status, body))


if __name__ == "__main__":
    main()
