"""What `nac status` shows of a running server, as it is told over the control socket."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import Any

from nac import _dataplane
from nac.db import Database
from nac.events.drain import Drain
from nac.log import lines_lost
from nac.snapshot.publish import Publisher


def status_of(
    dataplane: _dataplane.DataPlane, publisher: Publisher, drain: Drain, database: Database
) -> dict[str, Any]:
    """Of the parts that answer and keep records. Times in seconds since 1970, ages in seconds."""
    drained, journal = drain.counters(), dataplane.journal_state()
    age_s = _age_s(dataplane.oldest_in_journal())
    built = publisher.current
    return {
        "addresses": dataplane.addresses(),
        "generation": dataplane.generation(),
        "policy_digest": built.policy.digest,
        "warnings": list(built.warnings),
        "counters": dataplane.counters(),
        "clients": dataplane.client_counters(),
        "accounting_addresses": dataplane.accounting_addresses(),
        "events": {
            "stored": drained.stored,
            "pending": journal.waiting,
            "dropped": drained.dropped + drained.undecodable,
        },
        "snapshot": {
            "generation": dataplane.generation(),
            "published_at": int(publisher.published_at),
            "age_s": time.time() - publisher.published_at,
        },
        "database": {
            "engine": database.engine_name,
            "version": database.engine_version,
            "waiting": journal.waiting,
            "age_s": age_s,
            "committed_at": drained.committed_at,
            "error": drained.error,
        },
        "log": {"lost": lines_lost()},
        "validity": [asdict(one) for one in built.validity],
        "journal": _journal(journal, age_s),
    }


def _journal(journal: _dataplane.JournalState, age_s: float | None) -> dict[str, Any]:
    return {
        "node": journal.node,
        "last": journal.last,
        "waiting": journal.waiting,
        "age_s": age_s,
        "octets": journal.octets,
        "bound": journal.bound,
        "alarm": journal.alarm,
        "error": journal.error,
        "failures": journal.failures,
        "torn": journal.torn,
        "damaged": journal.damaged,
    }


def _age_s(at: int | None) -> float | None:
    return None if at is None else max(0.0, time.time() - at / 1e6)
