"""What was measured, each with its place: the numbers that everything in docs/scale.md follows from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from lab.scale.simulate import Work


@dataclass(frozen=True)
class Cost:
    """Processor time of one login or record, microseconds: `answering` until its answer, `all` with what follows."""

    answering: float
    all: float


FULL: Final = Cost(answering=423.0, all=666.3)
"""EAP-TLS 1.3 with P-256, full (docs/benchmarks.md, "Cost of an authentication": nac, median)."""

RESUMED: Final = Cost(answering=174.4, all=310.3)
"""The same, resumed."""

MAB: Final = Cost(answering=18.8, all=62.7)
"""MAC authentication, 1,000 known addresses."""

ACCOUNTING: Final = Cost(answering=12.0, all=35.0)
"""A durable record (docs/decisions/0017-journal.md, the upper ends)."""

ROUNDS_FULL: Final = 7
ROUNDS_RESUMED: Final = 6
"""Requests of one login, measured by the swarm with EAP fragments of 1,024 octets."""

EVENT_OCTETS: Final = 3_500
"""A login in the journal, and as a row of `authentications` (a swarm of 600 logins: 3,500 on average)."""

RECORD_OCTETS: Final = 765
"""An accounting record likewise, as JSON (40,000 records)."""

JOURNAL_RECORD_OCTETS: Final = 300
"""An accounting record in the journal: the packet without what belongs to authentication."""

FACTS_OCTETS: Final = 630
"""A device on record, in the memory of the data plane (100,000 devices beside none)."""

SESSION_OCTETS: Final = 2_785
"""A live session, in the memory of the data plane (measured with 100,000)."""

IDLE_MIB: Final = 89
"""An idle server (docs/benchmarks.md, "Latency and memory")."""

CHEAP_US: Final = 15.0
"""A request of a login that does no cryptography: receive, verify, answer."""

FULL_WORK: Final = Work(rounds=ROUNDS_FULL, cheap_us=CHEAP_US, total_us=FULL.answering)
RESUMED_WORK: Final = Work(rounds=ROUNDS_RESUMED, cheap_us=CHEAP_US, total_us=RESUMED.answering)
