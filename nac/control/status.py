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
            "age_s": _age_s(journal),
            "committed_at": drained.committed_at,
            "error": drained.error,
        },
        "log": {"lost": lines_lost()},
        "validity": [asdict(one) for one in built.validity],
        "journal": _journal(journal),
    }


def _journal(journal: _dataplane.JournalState) -> dict[str, Any]:
    return {
        "node": journal.node,
        "last": journal.last,
        "waiting": journal.waiting,
        "age_s": _age_s(journal),
        "octets": journal.octets,
        "bound": journal.bound,
        "alarm": journal.alarm,
        "error": journal.error,
        "failures": journal.failures,
        "torn": journal.torn,
        "damaged": journal.damaged,
    }


def _age_s(journal: _dataplane.JournalState) -> float | None:
    """Of the oldest record that the database does not have."""
    return None if journal.oldest_at is None else max(0.0, time.time() - journal.oldest_at / 1e6)
